//! Who counts as one client, where clients have addresses to choose from.

use std::net::IpAddr;

/// Who shares one allowance: a household has one IPv4 address or a /56 of IPv6.
pub(super) fn network(peer: IpAddr) -> u64 {
    match peer.to_canonical() {
        IpAddr::V4(address) => u64::from(u32::from(address)),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            let high = [a, b, c, d & 0xff00];
            high.iter()
                .fold(0, |all, part| all << 16 | u64::from(*part))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_and_strangers_do_not() {
        let one: IpAddr = "2001:db8:1:200::1".parse().unwrap();
        let near: IpAddr = "2001:db8:1:2ff::9".parse().unwrap();
        let far: IpAddr = "2001:db8:1:300::1".parse().unwrap();
        assert_eq!(network(one), network(near));
        assert_ne!(network(one), network(far));
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(network(mapped), network(IpAddr::from([192, 0, 2, 1])));
    }
}
