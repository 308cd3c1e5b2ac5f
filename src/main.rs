//! Arguments, environment and clock in; exit code out.

use std::alloc::System;
use std::process::ExitCode;

use secrets::domain::time::Instant;
use secrets::system::environment::Environment;
use secrets::system::{fault, memory};
use zeroizing_alloc::ZeroAlloc;

/// Whatever is given back is wiped: on their way values pass through buffers of others, who only let go of them.
#[global_allocator]
static HEAP: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    memory::keep_to_itself();
    ExitCode::from(fault::contained(|| {
        let folder = std::env::current_dir().unwrap_or_else(|_| ".".into());
        secrets::run(std::env::args_os(), environment(folder), now())
    }))
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the environment is read")]
fn environment(folder: std::path::PathBuf) -> Environment {
    Environment::new(std::env::vars_os(), folder)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where the clock is read")]
fn now() -> Option<Instant> {
    Instant::new(chrono::Utc::now())
}
