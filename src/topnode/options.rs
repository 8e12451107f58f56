//! What an operator says of the node, for the national node to be told.

use core::net::IpAddr;
use std::fmt;

//----------- TopnodeOptions ---------------------------------------------------

/// What the node cannot know of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopnodeOptions {
    /// Where its identifiers are resolved from outside.
    pub resolution: Vec<Service>,
    /// Fields of T1 by their place, each once.
    pub operator: Vec<(usize, String)>,
}

/// An address at which something is resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The address, as it is seen from outside.
    pub address: IpAddr,
    /// What is spoken there, at least one.
    pub ports: Vec<(Transport, u16)>,
}

/// How identifiers are resolved, in the guide's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// HTTP.
    Http,
}

impl Transport {
    const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Http];

    /// As the guide has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Http => "HTTP",
        }
    }
}

impl Service {
    /// Reads `203.0.113.8 TCP:2641 UDP:2641`; none of what is not that.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let address = words.next()?.parse().ok()?;
        let port = |word: &str| {
            let (name, port) = word.split_once(':')?;
            let is_it = |transport: &Transport| transport.name().eq_ignore_ascii_case(name);
            let transport = Transport::ALL.into_iter().find(is_it)?;
            let port = port.parse().ok().filter(|port| *port > 0)?;
            Some((transport, port))
        };
        let ports: Vec<_> = words.map(port).collect::<Option<_>>()?;
        (!ports.is_empty()).then_some(Self { address, ports })
    }

    /// The guide's 协议类型与端口.
    #[must_use]
    pub fn ports_text(&self) -> String {
        let ports = self.ports.iter();
        let ports = ports.map(|(transport, port)| format!("{}:{port}", transport.name()));
        ports.collect::<Vec<_>>().join(";")
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        self.ports
            .iter()
            .try_for_each(|(transport, port)| write!(f, " {}:{port}", transport.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_read_as_they_are_written() {
        let text = "203.0.113.8 TCP:2641 UDP:2641 HTTP:8000";
        let service = Service::parse(text).unwrap();
        assert_eq!(service.to_string(), text);
        assert_eq!(service.ports_text(), "TCP:2641;UDP:2641;HTTP:8000");
        assert!(Service::parse("2001:db8::8 tcp:2641").is_some());
        for wrong in [
            "",
            "203.0.113.8",
            "here TCP:2641",
            "203.0.113.8 DNS:53",
            "203.0.113.8 TCP:0",
        ] {
            assert_eq!(Service::parse(wrong), None, "{wrong}");
        }
    }
}
