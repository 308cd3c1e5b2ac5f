//! A server that is a program: started on a port that is free, ended by its own process id.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::server::PATIENCE;

pub struct Program {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Program {
    /// `command` is told the port. Waits until something listens there.
    #[track_caller]
    pub fn start(command: impl Fn(u16) -> Command) -> Self {
        // Somebody may take the port before the program does: then it ends at once, and is started at another.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut command = command(port);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let child = command.spawn().unwrap_or_else(|error| {
                panic!("{}: {error}; run `scripts/test`, which installs it", command.get_program().display())
            });
            let mut program = Self { child, address: format!("127.0.0.1:{port}") };
            if program.listens() {
                return program;
            }
        }
        panic!("it does not start");
    }

    fn listens(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && self.child.try_wait().unwrap().is_none() {
            if TcpStream::connect(&self.address).is_ok() {
                return self.child.try_wait().unwrap().is_none();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// An Alertmanager that hands what is of team `infra` on at once.
pub fn alertmanager(folder: &Path, receiver: &str) -> Program {
    let config = format!(
        "route:\n  receiver: nobody\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 100ms\n  repeat_interval: 1h\n  \
         routes:\n  - receiver: infra\n    matchers: ['team=\"infra\"', 'alertname=\"SecretExpiry\"']\n\
         receivers:\n- name: nobody\n- name: infra\n  webhook_configs:\n  - url: {receiver}/hook\n    send_resolved: true\n"
    );
    fs::write(folder.join("alertmanager.yml"), config).unwrap();
    Program::start(|port| {
        let mut command = Command::new("prometheus-alertmanager");
        command.args(["--config.file=alertmanager.yml", "--storage.path=data", "--cluster.listen-address="]);
        command.arg(format!("--web.listen-address=127.0.0.1:{port}")).current_dir(folder);
        command
    })
}
