//! Arguments, environment and clock in; exit code out.

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use secrets::domain::time::Instant;
use secrets::system::environment::Environment;

fn main() -> ExitCode {
    // A panic is a fault of ours. It must neither print what it was working on nor look like a pass.
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("error: this is a fault of secrets itself ({place}); please report it\n"),
        );
    }));
    let code = panic::catch_unwind(AssertUnwindSafe(|| {
        let folder = std::env::current_dir().unwrap_or_else(|_| ".".into());
        secrets::run(std::env::args_os(), environment(folder), now())
    }));
    ExitCode::from(code.unwrap_or(2))
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the environment is read")]
fn environment(folder: std::path::PathBuf) -> Environment {
    Environment::new(std::env::vars_os(), folder)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the clock is read")]
fn now() -> Option<Instant> {
    Instant::new(chrono::Utc::now())
}
