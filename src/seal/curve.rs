//! Which points of Curve25519 may be sealed to.
//!
//! Common tools seal to any 32 bytes. To some of those nobody has a private half, and to some everybody has: a
//! point of small order makes the shared secret the same for all private keys.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::traits::IsIdentity as _;

/// Why 32 bytes are no public key to seal to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CurveError {
    #[error("its highest bit is set, so that tools disagree on which key it is")]
    HighBit,
    #[error("it is not written in its one canonical form")]
    NotCanonical,
    #[error("it is no point of the curve: no private key belongs to it")]
    NotOnCurve,
    #[error("it is a point of small order: anybody could open what is sealed to it")]
    SmallOrder,
    #[error("it has a part of small order: it was not made by an honest key generator")]
    Torsion,
}

/// Whether a little-endian number below 2^255 is at least 2^255 - 19.
fn is_unreduced(bytes: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    *lowest >= 0xed && middle.iter().all(|byte| *byte == 0xff) && *highest == 0x7f
}

fn check_order(point: &EdwardsPoint) -> Result<(), CurveError> {
    if point.is_identity() || point.is_small_order() {
        Err(CurveError::SmallOrder)
    } else if !point.is_torsion_free() {
        Err(CurveError::Torsion)
    } else {
        Ok(())
    }
}

/// Checks a Montgomery u-coordinate (RFC 7748): canonical, on the curve and not its twist, in the prime-order
/// subgroup.
pub fn check_x25519(u: &[u8; 32]) -> Result<(), CurveError> {
    let [.., highest] = u;
    if highest & 0x80 != 0 {
        return Err(CurveError::HighBit);
    }
    if is_unreduced(u) {
        return Err(CurveError::NotCanonical);
    }
    // A point and its negative share their u-coordinate and their order, so either sign will do.
    check_order(&MontgomeryPoint(*u).to_edwards(0).ok_or(CurveError::NotOnCurve)?)
}

/// Checks an Ed25519 public key (RFC 8032) in the same way, and returns its Montgomery u-coordinate.
pub fn check_ed25519(compressed: &[u8; 32]) -> Result<[u8; 32], CurveError> {
    let compressed = CompressedEdwardsY(*compressed);
    let point = compressed.decompress().ok_or(CurveError::NotOnCurve)?;
    if point.compress() != compressed {
        return Err(CurveError::NotCanonical);
    }
    check_order(&point)?;
    Ok(point.to_montgomery().to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use curve25519_dalek::scalar::Scalar;

    fn hex(text: &str) -> [u8; 32] {
        let byte = |i: usize| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap();
        std::array::from_fn(byte)
    }

    fn honest() -> EdwardsPoint {
        ED25519_BASEPOINT_POINT * Scalar::from(1_234_567_u64)
    }

    #[test]
    fn honest_keys_pass() {
        for n in 1..50_u64 {
            let point = ED25519_BASEPOINT_POINT * Scalar::from(n);
            let u = point.to_montgomery().to_bytes();
            assert_eq!(check_x25519(&u), Ok(()));
            assert_eq!(check_ed25519(&point.compress().to_bytes()), Ok(u));
            assert_eq!(check_ed25519(&(-point).compress().to_bytes()), Ok(u));
        }
    }

    #[test]
    fn the_highest_bit_is_refused() {
        let mut u = honest().to_montgomery().to_bytes();
        u[31] |= 0x80;
        assert_eq!(check_x25519(&u), Err(CurveError::HighBit));
    }

    /// The list that libsodium refuses, and what lies around it.
    #[test]
    fn small_order_and_unreduced_coordinates_are_refused() {
        let zero = [0; 32];
        assert_eq!(check_x25519(&zero), Err(CurveError::SmallOrder));
        for (u, error) in [
            ("0100000000000000000000000000000000000000000000000000000000000000", CurveError::SmallOrder),
            ("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800", CurveError::SmallOrder),
            ("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157", CurveError::SmallOrder),
            ("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", CurveError::NotOnCurve),
            ("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", CurveError::NotCanonical),
            ("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", CurveError::NotCanonical),
            ("f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", CurveError::NotCanonical),
            ("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", CurveError::NotCanonical),
            ("cdeb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880", CurveError::HighBit),
            ("4c9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7", CurveError::HighBit),
            ("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", CurveError::HighBit),
        ] {
            assert_eq!(check_x25519(&hex(u)), Err(error), "{u}");
        }
        // Below 2^255 - 2^247 all are reduced, whatever becomes of them.
        let mut reduced = [0xff; 32];
        for highest in 0..0x7f {
            reduced[31] = highest;
            assert_ne!(check_x25519(&reduced), Err(CurveError::NotCanonical), "{highest}");
        }
    }

    #[test]
    fn every_torsion_point_is_refused_alone_and_added_to_an_honest_key() {
        for (index, torsion) in EIGHT_TORSION.iter().enumerate() {
            assert_eq!(check_ed25519(&torsion.compress().to_bytes()), Err(CurveError::SmallOrder));
            let u = torsion.to_montgomery().to_bytes();
            assert_eq!(check_x25519(&u), Err(CurveError::SmallOrder), "{index}");
            if index > 0 {
                let mixed = honest() + torsion;
                assert_eq!(check_ed25519(&mixed.compress().to_bytes()), Err(CurveError::Torsion));
                assert_eq!(check_x25519(&mixed.to_montgomery().to_bytes()), Err(CurveError::Torsion));
            }
        }
    }

    #[test]
    fn the_twist_is_refused() {
        // About half of all coordinates lie on the twist; 2 is the first one.
        let mut u = [0; 32];
        u[0] = 2;
        assert_eq!(check_x25519(&u), Err(CurveError::NotOnCurve));
    }

    #[test]
    fn an_ed25519_key_has_one_encoding() {
        // y = p + 1 is y = 1, the identity, and (0, 1) with the sign bit set is it once more.
        let unreduced = hex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
        let signed = hex("0100000000000000000000000000000000000000000000000000000000000080");
        assert_eq!(check_ed25519(&unreduced), Err(CurveError::NotCanonical));
        assert_eq!(check_ed25519(&signed), Err(CurveError::NotCanonical));
        // y = 2 has no x.
        let mut no_point = [0; 32];
        no_point[0] = 2;
        assert_eq!(check_ed25519(&no_point), Err(CurveError::NotOnCurve));
    }
}
