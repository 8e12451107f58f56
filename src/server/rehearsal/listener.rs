//! The stand-in's listener: HTTP on this machine, connections that are cut where it says so.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::locked;
use crate::{
    registry::ReadClock as _,
    server::{clock::SystemClock, spawn},
    topnode::{
        standin::{Asked, Done, Reply, Standin},
        wire::Secrets,
    },
};

/// The longest message: a thousand rows of T6 with all 42 fields.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Connections at one time: a node has one for each table.
const CONNECTIONS_MAX: usize = 64;

//----------- StandinListener --------------------------------------------------

/// A stand-in that listens on a free port of 127.0.0.1.
pub struct StandinListener {
    standin: Arc<Mutex<Standin>>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl StandinListener {
    /// Begins to listen.
    ///
    /// # Errors
    /// Where no port is free.
    pub async fn begin(secrets: Secrets) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let standin = Arc::new(Mutex::new(Standin::new(secrets)));
        let task = spawn(accept(listener, Arc::clone(&standin)));
        Ok(Self {
            standin,
            address,
            task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has and does.
    pub fn standin(&self) -> MutexGuard<'_, Standin> {
        locked(&self.standin)
    }

    /// Hears no more.
    pub fn end(self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, standin: Arc<Mutex<Standin>>) {
    let mut connections = JoinSet::new();
    loop {
        // One that fails is that of a node that was killed.
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream, Arc::clone(&standin)));
        }
        while connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, standin: Arc<Mutex<Standin>>) {
    let answer = service_fn(|request| answer(request, Arc::clone(&standin)));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    // Cut by either side: that is what is rehearsed.
    let _ = connection.await;
}

/// An answer, or an error where the connection is to be cut.
async fn answer(
    request: Request<Incoming>,
    standin: Arc<Mutex<Standin>>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MESSAGE_BYTES_MAX).collect().await;
    let body = body.map_err(io::Error::other)?.to_bytes();
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), value.into_owned())
    });
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        headers: headers.collect(),
        body: body.to_vec(),
    };
    let mut entropy = [0; 4];
    let _ = getrandom::fill(&mut entropy);
    let now_ms = SystemClock.read().wall_ms;
    let done = locked(&standin).on(&asked, now_ms, u32::from_be_bytes(entropy));
    let Done::Reply(Reply {
        status,
        headers,
        body,
        delay_ms,
    }) = done
    else {
        return Err(io::ErrorKind::ConnectionAborted.into());
    };
    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    let mut reply = Response::builder().status(status);
    for (name, value) in headers {
        reply = reply.header(name, value);
    }
    reply
        .body(Full::new(Bytes::from(body)))
        .map_err(io::Error::other)
}
