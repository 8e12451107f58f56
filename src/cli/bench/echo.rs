//! The echo: each datagram comes back as it is. What no server can beat on this machine.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};

use quinn_udp::{BATCH_SIZE, UdpSocketState};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::addr::SocketAddrArg;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, sendmmsg};

use super::line::Scratch;
use crate::cli::{Exit, Failure, Output};

/// Answers until the process is ended.
pub(super) fn run(address: SocketAddr, output: &Output) -> Result<Exit, Failure> {
    let told = |error: io::Error| {
        let error = format!("cannot listen on {address}: {error}");
        Failure::new(error, "give --echo an address of this machine that is free")
    };
    let socket = UdpSocket::bind(address).map_err(told)?;
    let state = UdpSocketState::new((&socket).into()).map_err(told)?;
    // A socket that waits would wait for a whole batch.
    socket.set_nonblocking(true).map_err(told)?;
    let bound = socket.local_addr().map_err(told)?;
    output.text(&format!("listening on {bound}"))?;
    let mut scratch = Scratch::new();
    loop {
        answer(&socket, &state, &mut scratch).map_err(told)?;
    }
}

/// Takes a batch and sends it back.
fn answer(socket: &UdpSocket, state: &UdpSocketState, scratch: &mut Scratch) -> io::Result<()> {
    let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = {
        let mut buffers = scratch.buffers.iter_mut();
        std::array::from_fn(|_| {
            IoSliceMut::new(buffers.next().map_or(&mut [][..], Vec::as_mut_slice))
        })
    };
    let count = match state.recv(socket.into(), &mut slices, &mut scratch.arrived) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return wait(socket),
        received => received?,
    };
    let arrived = scratch.arrived.iter().zip(&scratch.buffers).take(count);
    let datagrams: Vec<_> = arrived
        .flat_map(|(arrived, buffer)| {
            let pieces = buffer.get(..arrived.len).unwrap_or_default();
            let to = arrived.addr.as_any();
            pieces
                .chunks(arrived.stride.max(1))
                .map(move |datagram| (to.clone(), [IoSlice::new(datagram)]))
        })
        .collect();
    let mut controls: Vec<SendAncillaryBuffer<'_, '_, '_>> = Vec::new();
    controls.resize_with(datagrams.len(), SendAncillaryBuffer::default);
    let mut messages: Vec<MMsgHdr<'_>> = datagrams
        .iter()
        .zip(&mut controls)
        .map(|((to, datagram), control)| MMsgHdr::new_with_addr(to, datagram, control))
        .collect();
    let mut left = messages.as_mut_slice();
    while !left.is_empty() {
        // What cannot be sent is lost, as it is on a network.
        let sent = sendmmsg(socket, left, SendFlags::empty()).unwrap_or(1);
        left = &mut left[sent.max(1)..];
    }
    Ok(())
}

/// Waits until there is something.
fn wait(socket: &UdpSocket) -> io::Result<()> {
    match poll(&mut [PollFd::new(socket, PollFlags::IN)], None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
