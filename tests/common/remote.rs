//! Remotes that are reached over a socket: one that serves with `git daemon`, and one that says nothing.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::Sandbox;

/// A server on a port of its own on the loopback; it ends with the test.
pub struct Remote {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Serve,
    /// Accepted, and then nothing.
    Silence,
}

impl Remote {
    /// Serves the sandbox's repositories. `answer` is told how many connections there were before.
    pub fn start(sandbox: &Sandbox, answer: impl Fn(usize) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback has a port");
        let address = listener.local_addr().expect("a listener has an address");
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let base = sandbox.path("");
        let daemon = move |sandbox_command: &mut std::process::Command, stream: TcpStream| -> Child {
            let input = stream.try_clone().expect("a socket can be cloned");
            sandbox_command
                .stdin(Stdio::from(OwnedFd::from(input)))
                .stdout(Stdio::from(OwnedFd::from(stream)))
                .stderr(Stdio::null())
                .spawn()
                .expect("git daemon is there")
        };
        let mut template = Vec::new();
        let command = sandbox.command("git", &base);
        for (name, value) in command.get_envs() {
            template.push((name.to_owned(), value.unwrap_or_default().to_owned()));
        }
        let thread = std::thread::spawn(move || {
            let (mut silent, mut served) = (Vec::new(), Vec::new());
            for (count, stream) in listener.incoming().enumerate() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let stream = stream.expect("a connection is accepted");
                match answer(count) {
                    // Kept, because dropping it would close it, and that is an answer.
                    Answer::Silence => silent.push(stream),
                    Answer::Serve => {
                        let mut command = std::process::Command::new("git");
                        command.env_clear().envs(template.iter().cloned()).arg("daemon").arg("--inetd");
                        command.arg("--export-all").arg(format!("--base-path={}", base.display()));
                        served.push(daemon(&mut command, stream));
                    }
                }
            }
            for mut child in served {
                child.wait().expect("git daemon ends with its connection");
            }
        });
        Self { address, stopping, thread: Some(thread) }
    }

    /// The address of one of the sandbox's repositories here.
    pub fn url(&self, repository: &str) -> String {
        format!("git://{}/{repository}", self.address)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // The thread waits for a connection; this is the last one.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the remote failed");
        }
    }
}
