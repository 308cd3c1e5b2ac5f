//! What anybody can see of a sealed file without an identity.

use super::binding;
use super::header::{Header, HeaderError, RawStanza};
use crate::domain::digest::Digest;
use crate::domain::facts::{Binding, SealedFile};

/// Reads what anybody can see of a sealed file. The file's own digest covers all of it; the payload is not read
/// beyond its length.
///
/// A header that breaks the format is no error: nobody's tool wrote it by accident, and it is told as such.
pub fn inspect(bytes: &[u8]) -> Result<SealedFile, HeaderError> {
    let (stanzas, binding) = match Header::parse(bytes) {
        Ok(header) => {
            let recipients = header.stanzas.iter().filter(|stanza| stanza.kind() != binding::STANZA_TYPE);
            let seen = recipients.map(RawStanza::seen).collect();
            (seen, binding::find(&header).map_or_else(|misfit| misfit, |bound| Binding::Bound(bound.digest)))
        }
        Err(HeaderError::Malformed(why)) => (Vec::new(), Binding::HeaderMalformed(why)),
        Err(error) => return Err(error),
    };
    Ok(SealedFile { digest: Digest::of(bytes), stanzas, binding })
}
