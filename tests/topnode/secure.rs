//! Reports over TLS, with a certificate of the node's own, and what is not trusted.

use std::{sync::Arc, time::Duration};

use biaoshi::{
    server::rehearsal::StandinListener,
    topnode::{tables::Table, wire::Secrets},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::aws_lc_rs::default_provider,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};

use super::common::{Node, data};

const SECRET: &str = "between node and stand-in";

const TRIES_MAX: u32 = 300;
const PAUSE: Duration = Duration::from_millis(50);

/// TLS before the stand-in, for those who have a certificate of the test's authority.
fn acceptor() -> TlsAcceptor {
    let certificates = |name: &str| -> Vec<CertificateDer<'static>> {
        let read = CertificateDer::pem_file_iter(data(name)).and_then(Iterator::collect);
        read.expect("certificates")
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates("tls/ca.pem"));
    let provider = Arc::new(default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let clients = clients.build().expect("an authority");
    let key = PrivateKeyDer::from_pem_file(data("tls/server-key.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(clients)
        .with_single_cert(certificates("tls/server.pem"), key);
    TlsAcceptor::from(Arc::new(config.expect("a certificate and its key")))
}

async fn pass_on(listener: TcpListener, to: std::net::SocketAddr) {
    let acceptor = acceptor();
    loop {
        let (stream, _) = listener.accept().await.expect("it listens");
        // Who has no certificate is turned away, one connection after the other.
        let Ok(mut inside) = acceptor.accept(stream).await else {
            continue;
        };
        let mut outside = TcpStream::connect(to).await.expect("it listens");
        let passed = tokio::io::copy_bidirectional(&mut inside, &mut outside);
        // A client that is done cuts it.
        let _ = tokio::time::timeout(PAUSE * 4, passed).await;
    }
}

fn settings(url: &str, secret: &str, with: &[(&'static str, &str)]) -> Node {
    let mut all = vec![
        ("BIAOSHI_REPORT_BY", "https"),
        ("BIAOSHI_REPORT_URL", url),
        ("BIAOSHI_REPORT_SECRET_FILE", secret),
    ];
    all.extend(with);
    Node::start_with(&all)
}

/// Waits until the node's own entity is told, or says why it is not.
fn told(node: &Node, listener: &StandinListener) -> Result<(), String> {
    let mut last = String::new();
    for _ in 0..TRIES_MAX {
        if listener.standin().books.report(Table::T1, 1).is_some() {
            return Ok(());
        }
        let output = node.run(&["topnode", "reports", "--json"]);
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        last = said["tables"][0]["last_failure"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if !last.is_empty() {
            return Err(last);
        }
        std::thread::sleep(PAUSE);
    }
    Err(last)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's own task, which its runtime ends"
)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ends_show_who_they_are() {
    let secrets = Secrets {
        token: String::new(),
        secret: SECRET.as_bytes().to_vec(),
    };
    let standin = StandinListener::begin(secrets)
        .await
        .expect("a port is free");
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().expect("one").port()
    );
    tokio::spawn(pass_on(listener, standin.address()));
    let folder = tempfile::tempdir().expect("a directory can be made");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, SECRET).expect("it can be written");
    let secret = secret.display().to_string();
    let file = |name: &str| data(name).display().to_string();
    let [authority, certificate, key] =
        ["tls/ca.pem", "tls/client.pem", "tls/client-key.pem"].map(file);
    let trusted = ("BIAOSHI_REPORT_CA_FILE", authority.as_str());
    let shown = [
        ("BIAOSHI_REPORT_CERTIFICATE_FILE", certificate.as_str()),
        ("BIAOSHI_REPORT_KEY_FILE", key.as_str()),
    ];

    let node = settings(&url, &secret, &shown);
    let why = told(&node, &standin).expect_err("nobody vouches for the stand-in");
    assert!(why.contains("UnknownIssuer"), "{why}");

    let node = settings(&url, &secret, &[trusted]);
    let why = told(&node, &standin).expect_err("the node shows nothing");
    assert!(!why.is_empty() && standin.standin().asked() == 0, "{why}");

    let node = settings(&url, &secret, &[trusted, shown[0], shown[1]]);
    told(&node, &standin).expect("both are known");
    drop(node);
}
