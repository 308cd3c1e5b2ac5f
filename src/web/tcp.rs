//! A connection that can't outlast its time, whatever the other side does.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How many addresses of a host are tried.
const MOST_ADDRESSES: usize = 8;

/// Each call to the system waits until the end and no longer, so that bytes that drip in can't draw it out.
pub struct Bounded {
    tcp: TcpStream,
    until: Instant,
}

impl Bounded {
    /// Connects by `until`. With `only_here` to this very machine only, whatever the name resolves to.
    pub fn connect(host: &str, port: u16, only_here: bool, until: Instant) -> io::Result<Self> {
        let mut addresses = resolve(host, port, until)?;
        addresses.retain(|address| !only_here || address.ip().is_loopback());
        addresses.truncate(MOST_ADDRESSES);
        let mut failed = io::Error::new(io::ErrorKind::NotFound, "its name has no address that may be used");
        for (index, address) in addresses.iter().enumerate() {
            // An address that swallows everything leaves time for the next one.
            let others = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            match TcpStream::connect_timeout(address, left(until)? / others) {
                Ok(tcp) => return Ok(Self { tcp, until }),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// What comes after this moment fails.
    pub fn set_end(&mut self, until: Instant) {
        self.until = until;
    }

    /// The address of this end.
    pub fn own_address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(Some(left(self.until)?))?;
        self.tcp.read(buffer).map_err(in_time)
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(left(self.until)?))?;
        self.tcp.write(bytes).map_err(in_time)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// Unix says of a read that took too long that it would block.
fn in_time(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// The system's resolver knows no deadline: it is left behind where it takes too long.
fn resolve(host: &str, port: u16, until: Instant) -> io::Result<Vec<SocketAddr>> {
    let (sender, resolved) = mpsc::channel();
    let host = host.to_owned();
    thread::Builder::new().spawn(move || {
        let addresses = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Nobody waits for it any more where it took too long.
        sender.send(addresses).ok();
    })?;
    resolved.recv_timeout(left(until)?).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
