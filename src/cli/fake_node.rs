//! A node that says what a test tells it to, on a port of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

//----------- Asked --------------------------------------------------------------

/// A request, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Method and target.
    pub(super) line: String,
    /// The `Authorization` header.
    pub(super) authorization: String,
    /// The `Idempotency-Key` header.
    pub(super) key: String,
    /// The body.
    pub(super) body: String,
}

impl Asked {
    /// Its body as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What is answered: a status with further header lines, and a body; nothing to hang up.
pub(super) type Answer = Option<(String, String)>;

/// An answer with a status and a JSON body.
pub(super) fn answer(status: &str, body: &serde_json::Value) -> Answer {
    Some((status.to_owned(), body.to_string()))
}

//----------- FakeNode -----------------------------------------------------------

/// Listens until the test ends.
pub(super) struct FakeNode {
    /// Where it listens.
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FakeNode {
    /// Answers each request with what `answer` says, one connection after another.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's own thread, which its process ends"
    )]
    pub(super) fn start(mut answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let Some(request) = read(&stream) else {
                    continue;
                };
                seen.lock().unwrap().push(request.clone());
                if let Some((status, body)) = answer(&request) {
                    write(stream, &status, &body);
                }
            }
        });
        Self { url, asked }
    }

    /// What was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let (mut asked, mut length, mut line) = (Asked::default(), 0, String::new());
    while reader.read_line(&mut line).ok()? > 0 && line != "\r\n" {
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?;
            }
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                value.clone_into(&mut asked.authorization);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("idempotency-key") => {
                value.clone_into(&mut asked.key);
            }
            Some(_) => {}
            None => asked.line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned(),
        }
        line.clear();
    }
    if asked.line.is_empty() {
        return None;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).ok()?;
    Some(asked)
}

fn write(mut stream: TcpStream, status: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A client that has seen enough hangs up.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body.as_bytes());
}
