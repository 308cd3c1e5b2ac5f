//! A connection that can't outlast its time, whatever the other side does: TCP, and TLS over it.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::web::tcp::Bounded;

pub enum Wire {
    Clear(Bounded),
    Tls(Box<StreamOwned<ClientConnection, Bounded>>),
}

impl Wire {
    /// Connects by `until`. With `only_here` to this very machine only, whatever the name resolves to.
    pub fn connect(host: &str, port: u16, only_here: bool, until: Instant) -> io::Result<Self> {
        Bounded::connect(host, port, only_here, until).map(Self::Clear)
    }

    /// Speaks TLS from here on. The certificate must be good for the host by the roots of this machine.
    pub fn secure(self, host: &str) -> io::Result<Self> {
        let Self::Clear(mut tcp) = self else { return Ok(self) };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config =
            config.and_then(rustls::ConfigBuilder::with_platform_verifier).map_err(io::Error::other)?;
        let no_name =
            || rustls::Error::General("no certificate could be for the name of this host".to_owned());
        let name = ServerName::try_from(host.to_owned()).map_err(|_| io::Error::other(no_name()))?;
        let tls = ClientConnection::new(Arc::new(config.with_no_client_auth()), name);
        let mut tls = tls.map_err(io::Error::other)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut tcp)?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(tls, tcp))))
    }

    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// What comes after this moment fails.
    pub fn set_end(&mut self, until: Instant) {
        match self {
            Self::Clear(tcp) => tcp.set_end(until),
            Self::Tls(tls) => tls.sock.set_end(until),
        }
    }

    /// The address of this end.
    pub fn own_address(&self) -> IpAddr {
        let tcp = match self {
            Self::Clear(tcp) => tcp,
            Self::Tls(tls) => &tls.sock,
        };
        tcp.own_address().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip())
    }

    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(tcp) => tcp.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Clear(tcp) => tcp.write_all(bytes),
            Self::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
        }
    }
}
