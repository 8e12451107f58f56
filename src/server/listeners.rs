//! Addresses on which a protocol is spoken in datagrams and over connections.
//!
//! Each address has a socket per worker (SO_REUSEPORT): the kernel gives all datagrams of a client
//! to the same one.

use std::{
    io,
    net::{SocketAddr, UdpSocket as StdUdpSocket},
    sync::Arc,
    thread::available_parallelism,
};

use socket2::Type;
use tokio::{
    net::{TcpListener, UdpSocket},
    sync::watch,
    task::JoinHandle,
};

use super::{ServerError, connections, datagrams, sockets};

/// Workers of an address: beyond that, network cards have no more queues.
const WORKERS_MAX: usize = 16;

/// What the kernel keeps of datagrams that nobody has read yet, in bytes, if it allows as much:
/// some ten thousand questions.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;

//----------- Spoken -----------------------------------------------------------

/// A protocol that is spoken on both transports.
pub(super) trait Spoken: connections::Served {
    /// Who answers the datagrams of one socket.
    type Worker: datagrams::Answering;

    /// A worker for a socket that is bound to that address.
    fn worker(self: &Arc<Self>, bound: SocketAddr) -> Self::Worker;
}

//----------- Listeners --------------------------------------------------------

/// Bound addresses.
pub(super) struct Listeners {
    bound: Vec<Bound>,
    addresses: Vec<SocketAddr>,
}

struct Bound {
    address: SocketAddr,
    listener: TcpListener,
    sockets: Vec<UdpSocket>,
}

impl Listeners {
    /// Binds both transports of each address.
    ///
    /// # Errors
    /// Where one cannot be bound.
    pub(super) fn bind(listen: &[SocketAddr]) -> Result<Self, ServerError> {
        let workers = available_parallelism()
            .map_or(1, usize::from)
            .min(WORKERS_MAX);
        let (mut bound, mut addresses) = (Vec::new(), Vec::new());
        for address in listen.iter().copied() {
            let cannot = |error| ServerError::Listen { address, error };
            // Connections first: of them an address has one listener, so that a second node is
            // refused, which datagrams would be shared with.
            let listener = sockets::listener(address, listen).map_err(cannot)?;
            // The same port for both, also where the system chose it.
            let address = listener.local_addr().map_err(cannot)?;
            let socket = |_| datagram_socket(address, listen);
            let sockets: io::Result<_> = (0..workers).map(socket).collect();
            addresses.push(address);
            bound.push(Bound {
                address,
                listener,
                sockets: sockets.map_err(cannot)?,
            });
        }
        Ok(Self { bound, addresses })
    }

    /// The addresses, with the ports that the system chose for 0.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Starts answering, until told to stop.
    pub(super) fn start<S: Spoken>(
        self,
        service: &Arc<S>,
        stopped: &watch::Receiver<bool>,
    ) -> Vec<JoinHandle<()>> {
        let mut tasks = Vec::new();
        for bound in self.bound {
            for socket in bound.sockets {
                let worker = service.worker(bound.address);
                let answering = datagrams::run(socket, worker, stopped.clone());
                tasks.push(super::spawn(answering));
            }
            let serving = connections::run(bound.listener, Arc::clone(service), stopped.clone());
            tasks.push(super::spawn(serving));
        }
        tasks
    }
}

fn datagram_socket(address: SocketAddr, listen: &[SocketAddr]) -> io::Result<UdpSocket> {
    let socket = sockets::socket(address, listen, Type::DGRAM)?;
    socket.set_reuse_port(true)?;
    // As the kernel allows: a smaller one is no reason not to serve.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
    socket.bind(&address.into())?;
    UdpSocket::from_std(StdUdpSocket::from(socket))
}
