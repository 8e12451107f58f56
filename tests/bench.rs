//! The loader: what it says of a real node, and of servers that stall, lose and lie.

mod common;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use common::{Node, data, settled};
use serde_json::Value;

//----------- Helpers ----------------------------------------------------------

/// What `bench` says as JSON.
fn bench(command: &mut Command, arguments: &[&str]) -> Value {
    let output = command.args(["--json", "bench"]).args(arguments).output();
    let Output {
        status,
        stdout,
        stderr,
    } = output.expect("the binary runs");
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{arguments:?}: {stderr}");
    serde_json::from_slice(&stdout).expect("it is JSON")
}

/// The command, without a node.
fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_biaoshi"))
}

fn number(said: &Value, path: &str) -> f64 {
    let found = said.pointer(path).and_then(Value::as_f64);
    found.unwrap_or_else(|| panic!("no {path} in {said}"))
}

/// A process that is ended with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

//----------- Of a node ----------------------------------------------------------

#[test]
fn what_the_loader_sees_is_what_the_node_counts() {
    let node = Node::start();
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert_eq!(node.import("products.csv", &[]).0, 0);
    let queries = data("queries-mixed.tsv");
    let queries = queries.to_str().expect("its path is text");
    for (via, protocol, address) in [
        ("dns", "dns", node.dns_address()),
        ("handle", "handle", node.handle_address()),
        ("handle-tcp", "handle", node.handle_address()),
        ("http", "http", node.address()),
    ] {
        let labels = |outcome: &str| {
            let labels = format!("outcome=\"{outcome}\",protocol=\"{protocol}\"");
            format!("biaoshi_resolutions_total{{origin=\"internal\",{labels}}}")
        };
        let counted = |node: &Node| {
            let one = |outcome: &str| node.metric(&labels(outcome));
            (one("success"), one("not_found"))
        };
        let before = counted(&node);
        let ask = ["--via", via, "--address", address, "--identifiers", queries];
        let more = ["--questions", "20000", "--threads", "2", "--sockets", "5"];
        let said = bench(&mut node.command(), &[&ask[..], &more].concat());
        assert_eq!(said["sent"], 20_000, "{said}");
        assert_eq!(said["answered"], 20_000, "{said}");
        assert_eq!(said["lost"], 0);
        assert_eq!(said["unexpected"], 0, "{}", said["first_unexpected"]);
        let found = number(&said, "/said/found");
        let not_found = number(&said, "/said/not_found");
        assert!(found > 3_000.0 && not_found > 3_000.0, "{said}");
        let answered = |counted: (f64, f64)| counted.0 - before.0;
        let counted_found = settled(&found, || answered(counted(&node)));
        assert_eq!(counted_found, found, "{via}: {said}");
        let after = counted(&node);
        // Over DNS a name that another node has does not exist either.
        if via != "dns" {
            assert_eq!(after.1 - before.1, not_found, "{via}: {said}");
        }
    }
}

#[test]
fn what_is_not_as_expected_is_told() {
    let node = Node::start();
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    let file = node.path("queries.tsv");
    std::fs::write(&file, "88.118.0002/NONE\tfound\n").expect("it can be written");
    let file = file.to_str().expect("its path is text");
    let pid = std::process::id().to_string();
    let ask = ["--via", "handle", "--address", node.handle_address()];
    let more = [
        "--identifiers",
        file,
        "--questions",
        "50",
        "--server-pid",
        &pid,
    ];
    let said = bench(&mut node.command(), &[&ask[..], &more].concat());
    assert_eq!(said["unexpected"], 50, "{said}");
    let first = &said["first_unexpected"];
    assert_eq!(first["identifier"], "88.118.0002/NONE");
    assert_eq!(
        (&first["expected"], &first["said"]),
        (&"found".into(), &"not_found".into())
    );
    assert!(number(&said, "/server/rss_bytes") > 0.0);
    let output = node.command().args(["bench"]).args(ask).args(more).output();
    let shown = output.expect("the binary runs").stdout;
    let shown = String::from_utf8_lossy(&shown);
    assert!(shown.contains("unexpected  50"), "{shown}");
    assert!(
        shown.contains("note: the first unexpected: 88.118.0002/NONE"),
        "{shown}"
    );
}

//----------- Of others ------------------------------------------------------------

#[test]
fn an_echo_answers_all_that_the_loader_asks() {
    let echo = binary()
        .args(["bench", "--echo", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn();
    let mut echo = Ended(echo.expect("the binary runs"));
    let mut line = String::new();
    let stdout = echo.0.stdout.take().expect("it is piped");
    let read = BufReader::new(stdout).read_line(&mut line);
    read.expect("it says where it listens");
    let address = line
        .trim()
        .strip_prefix("listening on ")
        .expect("it says so");
    let pid = echo.0.id().to_string();
    let ask = ["--via", "echo", "--address", address, "--count", "1000"];
    let more = ["--questions", "30000", "--server-pid", &pid];
    let said = bench(&mut binary(), &[&ask[..], &more].concat());
    assert_eq!(said["answered"], 30_000, "{said}");
    assert!(number(&said, "/server/cpu_seconds_per_million") >= 0.0);
}

/// How long a server stalls, and how often it is asked meanwhile.
const STALL: Duration = Duration::from_millis(600);
const RATE: u32 = 500;

/// A server that answers at once, but for one stall: questions that were due meanwhile have
/// waited, whether the loader could send them or not.
#[test]
fn a_stall_is_seen_by_all_who_would_have_asked() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it is bound").to_string();
    // One question at a time: the loader cannot send while the server stalls.
    let ask = ["--via", "echo", "--address", &address, "--count", "1000"];
    let rate = RATE.to_string();
    let pace = ["--rate", &rate, "--window", "1", "--sockets", "1"];
    let time = ["--seconds", "2", "--warm-up-seconds", "0"];
    let said = std::thread::scope(|scope| {
        scope.spawn(|| answer_but_stall_once(&socket));
        bench(&mut binary(), &[&ask[..], &pace, &time].concat())
    });
    assert_eq!(said["sent"], 1_000, "as many as were due: {said}");
    assert_eq!(
        number(&said, "/answered") + number(&said, "/lost"),
        1_000.0,
        "{said}"
    );
    // 300 of 1,000 were due while it stalled, and every other one of them before its half.
    assert!(number(&said, "/latency_us/p99") > 500_000.0, "{said}");
    assert!(number(&said, "/latency_us/mean") > 60_000.0, "{said}");
}

#[test]
fn what_is_not_answered_is_lost_and_an_answer_that_comes_twice_counts_once() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it is bound").to_string();
    let ask = ["--via", "echo", "--address", &address, "--count", "1000"];
    let said = std::thread::scope(|scope| {
        scope.spawn(|| {
            for (n, (question, from)) in (0..).zip(heard(&socket)) {
                // Of three questions one has no answer, one has one, and one has two.
                for _ in 0..n % 3 {
                    socket.send_to(&question, from).expect("it can be sent");
                }
            }
        });
        bench(&mut binary(), &[&ask[..], &["--questions", "300"]].concat())
    });
    assert_eq!(said["answered"], 200, "{said}");
    assert_eq!(said["lost"], 100, "{said}");
}

/// Over HTTP answers have no number: one that does not come costs its connection, and is lost.
#[test]
fn a_connection_that_falls_silent_is_left_and_its_question_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let ask = ["--via", "http", "--address", &address, "--count", "1000"];
    let more = ["--seconds", "3", "--warm-up-seconds", "0", "--sockets", "1"];
    let said = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Twenty answers on the first connection, and then none; the other answers all.
            for answers in [20, usize::MAX] {
                let (stream, _) = listener.accept().expect("it connects");
                scope.spawn(move || answer_so_many(stream, answers));
            }
        });
        bench(&mut binary(), &[&ask[..], &more].concat())
    });
    assert_eq!(said["lost"], 1, "{said}");
    assert!(number(&said, "/answered") > 20.0, "{said}");
    assert_eq!(
        number(&said, "/sent"),
        number(&said, "/answered") + 1.0,
        "{said}"
    );
}

/// Answers requests of one segment each; reads on when it answers no more.
fn answer_so_many(mut stream: TcpStream, answers: usize) {
    let mut buffer = [0; 4_096];
    let mut asked = 0;
    while stream.read(&mut buffer).is_ok_and(|length| length > 0) {
        asked += 1;
        if asked <= answers {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            stream.write_all(answer).expect("it is read");
        }
    }
}

/// Datagrams, until none has come for a while.
fn heard(socket: &UdpSocket) -> impl Iterator<Item = (Vec<u8>, SocketAddr)> {
    let silence = Some(Duration::from_secs(3));
    socket.set_read_timeout(silence).expect("it is a socket");
    std::iter::from_fn(|| {
        let mut buffer = [0; 512];
        let (length, from) = socket.recv_from(&mut buffer).ok()?;
        Some((buffer[..length].to_vec(), from))
    })
}

/// Answers until nobody asks any more; the 200th question waits.
fn answer_but_stall_once(socket: &UdpSocket) {
    for (n, (question, from)) in (1..).zip(heard(socket)) {
        if n == 200 {
            std::thread::sleep(STALL);
        }
        socket.send_to(&question, from).expect("it can be sent");
    }
}

//----------- Refusals ---------------------------------------------------------------

#[test]
fn what_cannot_be_measured_is_said_with_what_to_do() {
    let free = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let nobody = free.expect("a free port").to_string();
    let fail = |arguments: &[&str]| {
        let output = binary().arg("bench").args(arguments).output();
        let output = output.expect("the binary runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), stderr)
    };
    let short = ["--count", "10", "--questions", "10"];
    let ask = |more: &[&str]| fail(&[&short[..], more].concat());
    let (code, said) = ask(&["--address", &nobody]);
    assert!(code == Some(1) && said.contains("no answer from"), "{said}");
    let (code, said) = ask(&["--address", &nobody, "--via", "http"]);
    assert!(code == Some(1) && said.contains("cannot ask"), "{said}");
    let (code, said) = ask(&["--address", "192.0.2.1:53"]);
    assert!(code == Some(2) && said.contains("--remote"), "{said}");
    let (code, said) = ask(&["--address", &nobody, "--server-pid", "4294967295"]);
    assert!(code == Some(2) && said.contains("no process"), "{said}");
    let (code, said) = ask(&["--address", &nobody, "--ask", "mx"]);
    assert!(code == Some(2) && said.contains("--ask naptr"), "{said}");
    assert_eq!(
        fail(&["--via", "dns"]).0,
        Some(2),
        "neither a file nor a count"
    );
    let (code, said) = fail(&["--identifiers", "/nonexistent", "--address", &nobody]);
    assert!(code == Some(1) && said.contains("cannot read"), "{said}");
}
