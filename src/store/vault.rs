//! Sealing of identities and keyed look-ups (product.md §16).
//!
//! The host's key never encrypts data: it wraps three random keys that lie in the database. So it can be changed without
//! reading a single identity, and a stolen database or backup tells nothing without it.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// The length of every key, in bytes.
pub const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 24;

/// A key that is wiped from memory and never shown.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; KEY_LEN]>);

impl SecretKey {
    /// A key from its bytes.
    #[must_use]
    pub fn new(bytes: [u8; KEY_LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A random key from the operating system.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        getrandom::fill(bytes.as_mut()).map_err(|_| VaultError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// The bytes, to be written to the key file.
    #[must_use]
    pub fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.0))
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Why something could not be sealed or opened. Never holds what was being sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The operating system gives no randomness.
    #[error("no randomness from the operating system")]
    NoRandomness,
    /// The key is not the one that sealed this, or the bytes were altered.
    #[error("sealed data does not open with this key")]
    DoesNotOpen,
    /// The cipher refused to seal.
    #[error("sealing failed")]
    DoesNotSeal,
    /// What was sealed is not what is expected here.
    #[error("sealed data has an unexpected form")]
    Malformed,
}

/// What a sealed value is for. It is authenticated with the value: a note moved into the place of an identity does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// First name, name, phone, mail of a person.
    Identity,
    /// A Discord pseudo or display name.
    DiscordName,
    /// What was typed in a modal, or a staged import.
    Draft,
    /// The token of an interaction to answer later.
    AnswerToken,
    /// A relay's note about a call.
    Note,
    /// What an undo needs.
    Undo,
    /// One of the three keys, wrapped by the host's.
    Key,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Purpose::Identity => b"identity",
            Purpose::DiscordName => b"discord-name",
            Purpose::Draft => b"draft",
            Purpose::AnswerToken => b"answer-token",
            Purpose::Note => b"note",
            Purpose::Undo => b"undo",
            Purpose::Key => b"key",
        }
    }
}

/// What a blind index looks up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// A mail, in comparison form.
    Mail,
    /// A phone, in E.164.
    Phone,
    /// A folded name and a postal code.
    Name,
    /// A one-time code.
    Code,
    /// A line of a sign-up file, whole.
    Line,
}

impl Index {
    fn label(self) -> &'static [u8] {
        match self {
            Index::Mail => b"mail\0",
            Index::Phone => b"phone\0",
            Index::Name => b"name\0",
            Index::Code => b"code\0",
            Index::Line => b"line\0",
        }
    }
}

/// A keyed hash, equal for equal values, telling nothing without the key.
pub type BlindIndex = [u8; 32];

/// The three keys at work.
#[derive(Debug, Clone)]
pub struct Vault {
    seal: SecretKey,
    index: SecretKey,
    suppress: SecretKey,
}

impl Vault {
    /// A vault over the three keys.
    #[must_use]
    pub fn new(seal: SecretKey, index: SecretKey, suppress: SecretKey) -> Self {
        Self { seal, index, suppress }
    }

    /// A vault with other keys for sealing and for blind indexes; what the third has hashed cannot be made again, so it stays.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn renewed(&self) -> Result<Self, VaultError> {
        Ok(Self::new(
            SecretKey::random()?,
            SecretKey::random()?,
            self.suppress.clone(),
        ))
    }

    /// The three keys, each under the name of its row, wrapped by a host's key.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn wrapped(&self, host: &SecretKey) -> Result<[(&'static str, Vec<u8>); 3], VaultError> {
        Ok([
            ("seal", wrap(host, &self.seal)?),
            ("index", wrap(host, &self.index)?),
            ("suppress", wrap(host, &self.suppress)?),
        ])
    }

    /// Seals `plain`: a random nonce, then the ciphertext and its tag.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn seal(&self, purpose: Purpose, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        seal(&self.seal, purpose, plain)
    }

    /// Opens what [`Vault::seal`] sealed for the same purpose.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`] with another key, another purpose, or altered bytes.
    pub fn open(&self, purpose: Purpose, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        open(&self.seal, purpose, sealed)
    }

    /// The blind index of `value`, which the caller has put in comparison form.
    #[must_use]
    pub fn blind(&self, index: Index, value: &str) -> BlindIndex {
        keyed(&self.index, index, value)
    }

    /// The hash of `value` under the key that survives `rekey`: for what cannot be made again, as the suppression list, the
    /// lines of files imported, the codes given.
    #[must_use]
    pub fn suppression(&self, index: Index, value: &str) -> BlindIndex {
        keyed(&self.suppress, index, value)
    }
}

fn keyed(key: &SecretKey, index: Index, value: &str) -> BlindIndex {
    *blake3::Hasher::new_keyed(key.bytes())
        .update(index.label())
        .update(value.as_bytes())
        .finalize()
        .as_bytes()
}

/// Wraps one key with the host's key.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn wrap(host: &SecretKey, key: &SecretKey) -> Result<Vec<u8>, VaultError> {
    seal(host, Purpose::Key, key.bytes())
}

/// Unwraps one key with the host's key.
///
/// # Errors
/// [`VaultError::DoesNotOpen`] when the host's key is not the one that wrapped it.
pub fn unwrap(host: &SecretKey, wrapped: &[u8]) -> Result<SecretKey, VaultError> {
    let plain = open(host, Purpose::Key, wrapped)?;
    let bytes: [u8; KEY_LEN] = plain.as_slice().try_into().map_err(|_| VaultError::Malformed)?;
    Ok(SecretKey::new(bytes))
}

fn seal(key: &SecretKey, purpose: Purpose, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|_| VaultError::NoRandomness)?;
    let sealed = key
        .cipher()
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: plain,
                aad: purpose.label(),
            },
        )
        .map_err(|_| VaultError::DoesNotSeal)?;
    let mut out = Vec::with_capacity(NONCE_LEN + sealed.len());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&sealed);
    Ok(out)
}

fn open(key: &SecretKey, purpose: Purpose, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::DoesNotOpen)?;
    key.cipher()
        .decrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: body,
                aad: purpose.label(),
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| VaultError::DoesNotOpen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vault() -> Vault {
        Vault::new(
            SecretKey::new([1; 32]),
            SecretKey::new([2; 32]),
            SecretKey::new([3; 32]),
        )
    }

    #[test]
    fn another_key_or_purpose_does_not_open() {
        let sealed = vault().seal(Purpose::Identity, b"Camille").unwrap();
        let other = Vault::new(
            SecretKey::new([9; 32]),
            SecretKey::new([2; 32]),
            SecretKey::new([3; 32]),
        );
        assert_eq!(other.open(Purpose::Identity, &sealed), Err(VaultError::DoesNotOpen));
        assert_eq!(vault().open(Purpose::Draft, &sealed), Err(VaultError::DoesNotOpen));
        assert_eq!(
            vault().open(Purpose::Identity, &sealed[..20]),
            Err(VaultError::DoesNotOpen)
        );
    }

    #[test]
    fn the_host_key_wraps_and_unwraps() {
        let (host, key) = (SecretKey::random().unwrap(), SecretKey::random().unwrap());
        let wrapped = wrap(&host, &key).unwrap();
        assert_eq!(unwrap(&host, &wrapped).unwrap().bytes(), key.bytes());
        assert!(unwrap(&SecretKey::new([0; 32]), &wrapped).is_err());
        assert_eq!(format!("{key:?}"), "SecretKey(…)");
    }

    #[test]
    fn indexes_differ_by_kind_and_key() {
        let vault = vault();
        assert_eq!(
            vault.blind(Index::Mail, "a@example.org"),
            vault.blind(Index::Mail, "a@example.org")
        );
        assert_ne!(vault.blind(Index::Mail, "x"), vault.blind(Index::Phone, "x"));
        assert_ne!(vault.blind(Index::Mail, "x"), vault.suppression(Index::Mail, "x"));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_never_shows(plain in prop::collection::vec(any::<u8>(), 0..200)) {
            let sealed = vault().seal(Purpose::Note, &plain).unwrap();
            let opened = vault().open(Purpose::Note, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
            prop_assert!(plain.len() < 8 || !sealed.windows(plain.len()).any(|window| window == plain));
        }

        #[test]
        fn one_altered_byte_is_noticed(plain in prop::collection::vec(any::<u8>(), 1..60), at in any::<prop::sample::Index>()) {
            let mut sealed = vault().seal(Purpose::Note, &plain).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1;
            prop_assert_eq!(vault().open(Purpose::Note, &sealed), Err(VaultError::DoesNotOpen));
        }
    }
}
