//! What the debug binary is linked with.

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script of its build by the environment")]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    // The tests start it tens of thousands of times, and at a fixed address a start takes two thirds of the time:
    // 170,000 relocations fall away. What is released stays at an address that nobody can know.
    if is("PROFILE", "debug") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo:rustc-link-arg-bins=-no-pie");
        println!("cargo:rustc-link-arg-tests=-no-pie");
    }
}
