//! A server on loopback that answers as a test says, one request a connection.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything is waited for.
pub const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub struct Request {
    /// `POST /path HTTP/1.1`.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub enum Answer {
    /// These bytes, whatever they are; then it hangs up.
    Bytes(Vec<u8>),
    /// Nothing, until the other side hangs up.
    Hang,
    /// A good answer that never ends.
    Endless,
    /// The first, and then the second again and again, without end.
    Repeated(Vec<u8>, Vec<u8>),
    /// These bytes and no more, until the other side hangs up.
    Stalled(Vec<u8>),
    /// Another answer, and what is done once it is given.
    Then(Box<Self>, Box<dyn FnOnce() + Send>),
}

/// A whole answer.
pub fn answer(status: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n");
    Answer::Bytes([head.as_bytes(), body.as_bytes()].concat())
}

pub fn ok() -> Answer {
    answer("200 OK", "", "ok")
}

type Seen = Arc<(Mutex<Vec<Request>>, Condvar)>;

pub struct Server {
    pub address: SocketAddr,
    seen: Seen,
    most_taken: Arc<AtomicUsize>,
}

impl Server {
    /// `answering` gets the number of the request, from 0, and the request.
    pub fn start(answering: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_with(answering, |stream| Some(Box::new(stream)))
    }

    /// The same behind something that comes before HTTP, such as TLS.
    pub fn start_with(
        answering: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Seen::default();
        let (kept, answering, wrap) = (Arc::clone(&seen), Arc::new(answering), Arc::new(wrap));
        let most_taken = Arc::new(AtomicUsize::new(0));
        let most = Arc::clone(&most_taken);
        // It ends with the process, which is the test.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answering, wrap) = (Arc::clone(&kept), Arc::clone(&answering), Arc::clone(&wrap));
                let most = Arc::clone(&most);
                thread::spawn(move || {
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    let mut stream = BufReader::new(wrap(stream)?);
                    let request = read(&mut stream)?;
                    let number = {
                        let mut requests = seen.0.lock().unwrap();
                        requests.push(request.clone());
                        requests.len() - 1
                    };
                    seen.1.notify_all();
                    let taken = give(answering(number, &request), stream.get_mut().as_mut());
                    most.fetch_max(taken, Ordering::SeqCst);
                    Some(())
                });
            }
        });
        Self { address, seen, most_taken }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.seen.0.lock().unwrap().clone()
    }

    /// The most that anybody took of an answer without end.
    pub fn most_taken(&self) -> usize {
        self.most_taken.load(Ordering::SeqCst)
    }

    /// Waits until the requests so far have in them what is looked for.
    #[track_caller]
    pub fn wait_for<T>(&self, mut find: impl FnMut(&[Request]) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut requests = self.seen.0.lock().unwrap();
        loop {
            if let Some(found) = find(&requests) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it did not come; there were {requests:#?}");
            requests = self.seen.1.wait_timeout(requests, left).unwrap().0;
        }
    }
}

pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

fn read(stream: &mut impl std::io::BufRead) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let mut request = Request { line: lines.first()?.clone(), headers: headers.collect(), body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body.resize(length, 0);
    stream.read_exact(&mut request.body).ok()?;
    Some(request)
}

/// Whoever has read enough hangs up, which is no fault. Of what has no end: how much was taken before that, with what
/// lay on the way.
fn give(answer: Answer, stream: &mut dyn Stream) -> usize {
    match answer {
        Answer::Bytes(bytes) => {
            stream.write_all(&bytes).ok();
        }
        Answer::Then(answer, act) => {
            give(*answer, stream);
            act();
        }
        Answer::Hang => {
            stream.read_exact(&mut [0]).ok();
        }
        Answer::Endless => {
            let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
            return give(Answer::Repeated(head, vec![b'x'; 4096]), stream);
        }
        Answer::Repeated(head, piece) => {
            let mut taken = head.len();
            let mut written = stream.write_all(&head);
            while written.is_ok() {
                taken += piece.len();
                written = stream.write_all(&piece);
            }
            return taken;
        }
        Answer::Stalled(bytes) => {
            stream.write_all(&bytes).and_then(|()| stream.flush()).ok();
            return give(Answer::Hang, stream);
        }
    }
    stream.flush().ok();
    0
}

/// Asks a server of another make, and hands on the body of its answer.
#[track_caller]
pub fn ask(address: &str, method: &str, path: &str, headers: &str, body: &str) -> serde_json::Value {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
    );
    write!(stream, "{head}{headers}\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.lines().next().unwrap().contains(" 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}
