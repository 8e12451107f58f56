//! Connections per peer, on every listener that has connections.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::network::network;

//----------- Peers ------------------------------------------------------------

/// Connections per peer: no more networks are held than connections are open.
#[derive(Clone)]
pub(super) struct Peers {
    open: Arc<Mutex<HashMap<u64, usize>>>,
    open_max: usize,
}

/// A peer's place, until dropped.
pub(super) struct Slot {
    peers: Peers,
    network: u64,
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
        let network = network(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(network).or_insert(0);
        if *count >= self.open_max && !peer.to_canonical().is_loopback() {
            return None;
        }
        *count += 1;
        Some(Slot {
            peers: self.clone(),
            network,
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
        if let Some(count) = open.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.network);
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
        // Whoever has a network of IPv6 has 2^72 addresses, and is one peer.
        let near = ["2001:db8:1:200::1", "2001:db8:1:2ff::9"].map(|one| one.parse().unwrap());
        let near = near.map(|one: IpAddr| peers.enter(one).unwrap());
        assert!(peers.enter("2001:db8:1:201::3".parse().unwrap()).is_none());
        assert!(peers.enter("2001:db8:1:300::1".parse().unwrap()).is_some());
        drop((slots, near));
        assert!(peers.open.lock().unwrap().is_empty());
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let here = [peers.enter(here), peers.enter(here), peers.enter(here)];
        assert!(here.iter().all(Option::is_some));
    }
}
