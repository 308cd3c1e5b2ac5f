//! Whatever the bytes are, they are read in time and without a panic; what is taken for sealed has values, whose
//! ciphertexts stand in the file, and names that can be read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secrets::domain::foreign::Contents;
use secrets::domain::tracked_name::Pointer;

fuzz_target!(|bytes: &[u8]| {
    let Contents::Sealed(file) = secrets::foreign::read(bytes) else { return };
    assert!(!file.leaves.is_empty());
    assert!(!file.access.groups.is_empty() && file.access.groups.iter().all(|group| !group.is_empty()));
    assert!((1..=file.access.groups.len()).contains(&file.access.threshold));
    let pointers = file.leaves.iter().filter_map(|leaf| leaf.pointer.as_ref()).chain(&file.in_clear);
    for pointer in pointers {
        assert_eq!(pointer.as_str().parse::<Pointer>().as_ref(), Ok(pointer));
    }
    assert!(file.clear_unknown.is_none() || file.in_clear.is_empty());
    // Every value of sops costs more than this.
    assert!(!file.format.is_sops() || file.leaves.len() * 90 < bytes.len());
});
