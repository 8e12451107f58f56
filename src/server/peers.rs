//! Connections per peer, on every listener that has connections.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

//----------- Peers ------------------------------------------------------------

/// Connections per peer: no more addresses are held than connections are open.
#[derive(Clone)]
pub(super) struct Peers {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    open_max: usize,
}

/// A peer's place, until dropped.
pub(super) struct Slot {
    peers: Peers,
    peer: IpAddr,
}

impl Peers {
    pub(super) fn new(open_max: usize) -> Self {
        Self {
            open: Arc::default(),
            open_max,
        }
    }

    /// Takes a place, if the peer has one left.
    pub(super) fn enter(&self, peer: IpAddr) -> Option<Slot> {
        let peer = peer.to_canonical();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(peer).or_insert(0);
        if *count >= self.open_max && !peer.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Slot {
            peers: self.clone(),
            peer,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self
            .peers
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_its_share_and_leaves_nothing_behind() {
        let peers = Peers::new(2);
        let peer: IpAddr = "192.0.2.1".parse().unwrap();
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        let slots = [peers.enter(peer).unwrap(), peers.enter(mapped).unwrap()];
        assert!(peers.enter(peer).is_none());
        assert!(peers.enter("192.0.2.2".parse().unwrap()).is_some());
        drop(slots);
        assert!(peers.open.lock().unwrap().is_empty());
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let here = [peers.enter(here), peers.enter(here), peers.enter(here)];
        assert!(here.iter().all(Option::is_some));
    }
}
