//! The cryptography of age and nothing else: one X25519 stanza opened, the payload opened or sealed, all stanzas
//! derived. No files, no headers, no records.

use std::hint::black_box;

use age_core::primitives::{aead_decrypt, aead_encrypt, hkdf};
use x25519_dalek::{PublicKey as Point, StaticSecret};

const VALUE: &[u8] = b"value of number 1234";
const LABEL: &[u8] = b"age-encryption.org/v1/X25519";
const FILE_KEY_BYTES: usize = 16;

/// What stands in a sealed file, as far as the first reader needs it.
struct File {
    share: [u8; 32],
    wrapped: Vec<u8>,
    nonce: [u8; 16],
    payload: Vec<u8>,
}

pub struct Bare {
    secret: StaticSecret,
    points: Vec<Point>,
    files: Vec<File>,
}

impl Bare {
    pub fn new(files: usize, readers: usize) -> Self {
        let secrets: Vec<StaticSecret> =
            (0..readers).map(|_| StaticSecret::from(rand::random::<[u8; 32]>())).collect();
        let points = secrets.iter().map(Point::from).collect();
        let secret = secrets.into_iter().next().expect("there is a reader");
        let mut bare = Self { secret, points, files: Vec::new() };
        bare.files = (0..files).map(|_| bare.seal(VALUE)).collect();
        bare
    }

    /// Opens a file and seals what is in it.
    pub fn reseal(&self, number: usize) {
        let (_, value) = self.open(number);
        black_box(self.seal(&value));
    }

    /// Opens a file and derives its stanzas anew.
    pub fn prove(&self, number: usize) {
        let (file_key, value) = self.open(number);
        assert!(value == VALUE);
        black_box(self.stanzas(&file_key, &file_key));
    }

    fn open(&self, number: usize) -> (Vec<u8>, Vec<u8>) {
        let file = self.files.get(number).expect("as many were made");
        let point = Point::from(file.share);
        let shared = self.secret.diffie_hellman(&point);
        let wrapping = wrapping_key(&file.share, &Point::from(&self.secret), shared.as_bytes());
        let file_key =
            aead_decrypt(&wrapping, FILE_KEY_BYTES, &file.wrapped).expect("it is the first reader's");
        let key = hkdf(&file.nonce, b"payload", &file_key);
        let value = aead_decrypt(&key, VALUE.len(), &file.payload).expect("it is the file's key");
        black_box(hkdf(&[], b"header", &file_key));
        (file_key, value)
    }

    fn seal(&self, value: &[u8]) -> File {
        let (file_key, salt, nonce): ([u8; FILE_KEY_BYTES], [u8; 32], [u8; 16]) =
            (rand::random(), rand::random(), rand::random());
        let stanzas = self.stanzas(&file_key, &salt);
        let (share, wrapped) = stanzas.into_iter().next().expect("there is a reader");
        black_box(hkdf(&[], b"header", &file_key));
        let payload = aead_encrypt(&hkdf(&nonce, b"payload", &file_key), value);
        File { share, wrapped, nonce, payload }
    }

    fn stanzas(&self, file_key: &[u8], salt: &[u8]) -> Vec<([u8; 32], Vec<u8>)> {
        let stanza = |point: &Point| {
            let ephemeral = StaticSecret::from(hkdf(salt, point.as_bytes(), file_key));
            let share = *Point::from(&ephemeral).as_bytes();
            let shared = ephemeral.diffie_hellman(point);
            (share, aead_encrypt(&wrapping_key(&share, point, shared.as_bytes()), file_key))
        };
        self.points.iter().map(stanza).collect()
    }
}

fn wrapping_key(share: &[u8; 32], point: &Point, shared: &[u8; 32]) -> [u8; 32] {
    hkdf(&[*share, *point.as_bytes()].concat(), LABEL, shared)
}
