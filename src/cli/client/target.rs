//! Which node to talk to, and with which token.

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use url::{Host, Url};

use super::ClientError;
use crate::access::Token;
use crate::cli::arguments::NodeArguments;
use crate::config::Config;

/// More than any token file has: 64 digits and white space.
const TOKEN_FILE_BYTES_MAX: u64 = 1_024;

//----------- Target -------------------------------------------------------------

/// A node, and who asks it.
#[derive(Debug)]
pub(in crate::cli) struct Target {
    /// Scheme, host, port and perhaps a path; no slash at the end.
    pub(in crate::cli) base: String,
    /// What proves that the operator asks.
    pub(in crate::cli) token: Option<Token>,
}

/// What a command needs a token for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum TokenUse {
    /// It writes: without a token it is refused.
    Needed,
    /// It reads: without one it is shown what everybody sees.
    Helpful,
}

impl Target {
    /// The node that the arguments name, else the one of the configuration.
    ///
    /// The token of the data directory goes to this machine only: beyond it a plain connection
    /// would show it to others. It goes nowhere when something is only read from a node that the
    /// arguments name, as that node may have another.
    ///
    /// # Errors
    /// Where the address is none, and where a token that is needed or named cannot be read.
    pub(in crate::cli) fn find(
        config: &Config,
        arguments: &NodeArguments,
        token_use: TokenUse,
    ) -> Result<Self, ClientError> {
        let url = match &arguments.node {
            Some(url) => parse(url)?,
            None => parse(&listening(&config.server.http.listen)?)?,
        };
        let own = config.server.node.data_dir.join(crate::server::TOKEN_FILE);
        let token = match (&arguments.token_file, token_use) {
            (Some(file), _) => Some(read_token(file)?),
            (None, _) if !is_loopback(&url) => None,
            (None, TokenUse::Needed) => Some(read_token(&own)?),
            (None, TokenUse::Helpful) if arguments.node.is_some() => None,
            (None, TokenUse::Helpful) => read_token(&own).ok(),
        };
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { base, token })
    }
}

/// The address of a node that listens there, as seen from this machine.
fn listening(listen: &[SocketAddr]) -> Result<String, ClientError> {
    let bad = |what: &str| ClientError::BadUrl("[http] listen".to_owned(), what.to_owned());
    let first = listen.first().ok_or_else(|| bad("it is empty"))?;
    if first.port() == 0 {
        return Err(bad(
            "its port is 0, any free one; name the node's with --node URL",
        ));
    }
    let ip = match first.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(format!("http://{}", SocketAddr::new(ip, first.port())))
}

fn parse(text: &str) -> Result<Url, ClientError> {
    let bad = |what: &str| ClientError::BadUrl(text.to_owned(), what.to_owned());
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if url.scheme() != "http" {
        return Err(bad("only http:// is spoken here"));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(bad("it has more than a host, a port and a path"));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        // RFC 6761 §6.3: it never leaves this machine.
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn read_token(file: &Path) -> Result<Token, ClientError> {
    let cannot = |what: String| ClientError::Token(file.display().to_string(), what);
    let mut text = String::new();
    File::open(file)
        .and_then(|file| file.take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut text))
        .map_err(|error| cannot(error.to_string().to_lowercase()))?;
    Token::parse(&text).map_err(|error| cannot(error.to_string()))
}
