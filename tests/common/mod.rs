//! A node as its users run it: the real binary, a directory of its own, a free port.

#![allow(dead_code, reason = "shared by tests that use different parts of it")]

pub(crate) mod dns;
pub(crate) mod handle;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use tempfile::TempDir;

/// The secondary prefixes of the sample.
const PREFIXES: &str = "88.101,88.118,88.300,88.488,88.709,88.800";

/// How often readiness is asked for, over a minute: a start replays 30,000 registrations.
const READY_TRIES_MAX: u32 = 30_000;

/// Between two questions: short, since tests measure how long a start takes.
const READY_PAUSE: Duration = Duration::from_millis(2);

/// How often a count is asked for that is still to come.
const SETTLED_TRIES_MAX: u32 = 500;
const SETTLED_PAUSE: Duration = Duration::from_millis(10);

/// Names another binary to test, such as a release build or one on another machine's disk.
const BINARY_VARIABLE: &str = "BIAOSHI_TEST_BINARY";

//----------- Node -------------------------------------------------------------

/// A node's directory, and the node while it runs.
pub(crate) struct Node {
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
    running: Option<Running>,
}

struct Running {
    child: Child,
    address: String,
    handle: String,
    dns: String,
    metrics: String,
}

impl Node {
    /// Starts a node in a directory of its own.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with variables of the configuration.
    pub(crate) fn start_with(settings: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a directory can be made");
        let settings = settings
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let mut node = Self {
            folder,
            settings: settings.collect(),
            running: None,
        };
        node.start_again();
        node
    }

    /// Sets a variable of the configuration for the next start.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.settings.push((name, value.to_owned()));
    }

    /// Starts it again on what it has stored.
    pub(crate) fn start_again(&mut self) {
        self.start_again_with(&[]);
    }

    /// The same, with arguments of `serve`.
    pub(crate) fn start_again_with(&mut self, arguments: &[&str]) {
        let mut child = self.spawn(arguments, Stdio::piped());
        let mut welcome = String::new();
        let stdout = child.stdout.take().expect("its output is piped");
        BufReader::new(stdout)
            .read_line(&mut welcome)
            .expect("it says where it listens");
        let address = welcome
            .split_once("http://")
            .and_then(|(_, rest)| rest.split_once(';'))
            .map(|(address, _)| address.to_owned())
            .unwrap_or_else(|| panic!("no address in {welcome:?}; {}", self.log()));
        let between = |before: &str, after: char| {
            let rest = welcome.split_once(before).map(|(_, rest)| rest);
            let address = rest.and_then(|rest| rest.split(after).next());
            address.unwrap_or_default().to_owned()
        };
        let handle = between("Handle on ", ',');
        let dns = between("DNS on ", ',');
        let metrics = between("metrics at http://", '/');
        self.running = Some(Running {
            child,
            address,
            handle,
            dns,
            metrics,
        });
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        for _ in 0..READY_TRIES_MAX {
            if self.get("/readyz").0 == 200 {
                return;
            }
            std::thread::sleep(READY_PAUSE);
        }
        panic!("the node was not ready in time; {}", self.log());
    }

    fn spawn(&self, arguments: &[&str], stdout: Stdio) -> Child {
        assert!(self.running.is_none(), "it is running");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("node.log"))
            .expect("a log can be kept");
        self.command()
            .arg("serve")
            .args(arguments)
            .env("BIAOSHI_HTTP_LISTEN", "127.0.0.1:0")
            .stdout(stdout)
            .stderr(log)
            .spawn()
            .expect("the binary starts")
    }

    /// What it said last, for whoever looks at a test that failed.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read(self.path("node.log")).unwrap_or_default();
        let end = &log[log.len().saturating_sub(4096)..];
        format!("its log ends with:\n{}", String::from_utf8_lossy(end))
    }

    /// Starts it and kills it at some moment of its start.
    pub(crate) fn kill_while_starting(&self, after: Duration) {
        let mut child = self.spawn(&[], Stdio::null());
        std::thread::sleep(after);
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Kills it as a power cut would, but for the disk: no handler runs.
    pub(crate) fn kill(&mut self) {
        let mut running = self.running.take().expect("it is running");
        running.child.kill().expect("it can be killed");
        running.child.wait().expect("it ends");
    }

    /// Asks it to stop, and returns whether it ended well.
    pub(crate) fn stop(&mut self) -> bool {
        let mut running = self.running.take().expect("it is running");
        let pid = running.child.id().to_string();
        // The shell has it built in; the program is not on every machine.
        let asked = Command::new("sh")
            .args(["-c", &format!("kill -TERM {pid}")])
            .status();
        assert!(asked.is_ok_and(|status| status.success()));
        running.child.wait().expect("it ends").success()
    }

    /// Where it stores what it is told.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A path in its folder, beside the data.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `127.0.0.1:port`
    pub(crate) fn address(&self) -> &str {
        &self.running.as_ref().expect("it is running").address
    }

    /// Where it speaks the Handle protocol, UDP and TCP.
    pub(crate) fn handle_address(&self) -> &str {
        &self.running.as_ref().expect("it is running").handle
    }

    /// Where it speaks DNS, UDP and TCP.
    pub(crate) fn dns_address(&self) -> &str {
        &self.running.as_ref().expect("it is running").dns
    }

    /// Where its metrics are.
    pub(crate) fn metrics_address(&self) -> &str {
        &self.running.as_ref().expect("it is running").metrics
    }

    /// What a scrape gets.
    pub(crate) fn metrics(&self) -> String {
        let mut client = Client::connect(self.metrics_address());
        let (status, body) = client.request("GET", "/metrics", &[], b"");
        assert_eq!(status, 200);
        String::from_utf8(body).expect("it is text")
    }

    /// The value of a series, such as `biaoshi_read_only{cause="clock"}`.
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let text = self.metrics();
        let found = text
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        let value = found.unwrap_or_else(|| panic!("no {series} in {text}"));
        value.parse().expect("it is a number")
    }

    /// The bootstrap token.
    pub(crate) fn token(&self) -> String {
        let file = self.data_dir().join("admin-token");
        std::fs::read_to_string(file)
            .expect("a running node has a token")
            .trim()
            .to_owned()
    }

    /// The binary, told of this node.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command
            .current_dir(self.folder.path())
            .env("BIAOSHI_NODE_DATA_DIR", self.data_dir())
            .env("BIAOSHI_NODE_SECONDARY_PREFIXES", PREFIXES)
            .env("LC_ALL", "C.UTF-8")
            .env("BIAOSHI_HTTP_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_METRICS_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_HANDLE_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_DNS_LISTEN", "127.0.0.1:0")
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        if let Some(running) = &self.running {
            command.env("BIAOSHI_HTTP_LISTEN", &running.address);
            command.env("BIAOSHI_HANDLE_LISTEN", &running.handle);
            command.env("BIAOSHI_DNS_LISTEN", &running.dns);
        }
        command
    }

    /// Runs a command of the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command()
            .args(arguments)
            .output()
            .expect("the binary runs")
    }

    /// Imports a file of `tests/data` and returns its exit code and summary.
    pub(crate) fn import(&self, file: &str, more: &[&str]) -> (i32, serde_json::Value) {
        let file = data(file);
        let file = file.to_str().expect("its path is text");
        let output = self.run(&[&["--json", "import", file], more].concat());
        let code = output.status.code().unwrap_or(-1);
        let summary = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
        });
        (code, summary)
    }

    /// What `ledger verify` says.
    pub(crate) fn verify(&self) -> serde_json::Value {
        let output = self.run(&["--json", "ledger", "verify"]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        serde_json::from_slice(&output.stdout).expect("it is JSON")
    }

    /// A request without a body.
    pub(crate) fn get(&self, path: &str) -> (u16, Vec<u8>) {
        Client::connect(self.address()).request("GET", path, &[], b"")
    }
}

/// What `ledger verify` says but for resolutions, for how many entries `control` has, and for snapshots:
/// a start and a stop write these. The digests of `control` are of all else that is in it.
pub(crate) fn registered_in(verified: &serde_json::Value) -> serde_json::Value {
    let mut verified = verified.clone();
    let rows = verified["partitions"].as_array_mut();
    let rows = rows.expect("it lists them");
    rows.retain(|row| row["partition"] != "counters/node-1");
    for row in rows.iter_mut().filter(|row| row["partition"] == "control") {
        for of_events in ["entries", "head_seq", "head_hash"] {
            row[of_events].take();
        }
    }
    verified["snapshots"].take();
    verified
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            // A test that failed leaves no node behind.
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
        if std::thread::panicking() {
            // What a kill at a random moment left behind cannot be made again.
            self.folder.disable_cleanup(true);
            eprintln!("its folder is kept: {}", self.folder.path().display());
        }
    }
}

/// What `found` says, once it is `expected`, or after five seconds: an answer is counted when it has
/// left, and whoever has it may ask for the count before.
pub(crate) fn settled<T: PartialEq>(expected: &T, found: impl Fn() -> T) -> T {
    for _ in 0..SETTLED_TRIES_MAX {
        let now = found();
        if now == *expected {
            return now;
        }
        std::thread::sleep(SETTLED_PAUSE);
    }
    found()
}

/// The binary under test, built with the tests unless another is named.
fn binary() -> PathBuf {
    match std::env::var_os(BINARY_VARIABLE) {
        // Nodes run in folders of their own.
        Some(path) => std::path::absolute(path).expect("a path has an absolute form"),
        None => env!("CARGO_BIN_EXE_biaoshi").into(),
    }
}

/// Whether the binary under test was named and not built with the tests.
pub(crate) fn is_named_binary() -> bool {
    std::env::var_os(BINARY_VARIABLE).is_some()
}

/// A file of the samples.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

//----------- Client -----------------------------------------------------------

/// A connection that is kept open: thousands of queries are asked over it.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer, as it came.
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Its header lines, in lower case.
    pub(crate) head: Vec<String>,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Connects.
    pub(crate) fn connect(address: &str) -> Self {
        Self::try_connect(address).expect("the node listens")
    }

    /// Connects to a node that may be gone.
    pub(crate) fn try_connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        // A small request leaves at once, whatever was sent before it.
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request and reads its answer: status and body.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[u8],
    ) -> (u16, Vec<u8>) {
        let answer = self
            .try_request(method, path, headers, body)
            .expect("the node answers");
        (answer.status, answer.body)
    }

    /// The same, of a node that may be killed meanwhile: then nobody knows what became of it.
    pub(crate) fn try_request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: node\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let bytes = [head.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&bytes)?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let status = self.line()?;
        let status = status
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut head = Vec::new();
        let mut length = 0;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().expect("a length is a number");
            }
            head.push(line);
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let status = status.expect("an answer has a status");
        Ok(Answer { status, head, body })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        // A node that is killed may stop anywhere, also within a line.
        match line.strip_suffix('\n') {
            Some(line) => Ok(line.trim_end().to_owned()),
            None => Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}
