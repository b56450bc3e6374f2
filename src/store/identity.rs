//! How identities lie in the database: sealed together, per person (product.md §16).

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::StoreError;
use super::vault::{Purpose, Vault, VaultError};
use crate::domain::person::Identity;

/// Seals an identity.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn seal(vault: &Vault, identity: &Identity) -> Result<Vec<u8>, StoreError> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(identity).map_err(|_| VaultError::DoesNotSeal)?);
    Ok(vault.seal(Purpose::Identity, &plain)?)
}

/// Opens what [`seal`] sealed.
///
/// # Errors
/// With another key, or altered bytes.
pub fn open(vault: &Vault, sealed: &[u8]) -> Result<Identity, StoreError> {
    let plain = vault.open(Purpose::Identity, sealed)?;
    serde_json::from_slice(&plain).map_err(|_| StoreError::Vault(VaultError::Malformed))
}

/// What is sealed of a person. Texts as the domain's newtypes print them: E.164 phone, mail as typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct SealedIdentity {
    /// First name.
    pub first: String,
    /// Last name.
    pub last: String,
    /// Phone, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
}

impl std::fmt::Debug for SealedIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedIdentity(…)")
    }
}

impl SealedIdentity {
    /// Seals it.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn seal(&self, vault: &Vault) -> Result<Vec<u8>, VaultError> {
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(self).map_err(|_| VaultError::DoesNotSeal)?);
        vault.seal(Purpose::Identity, &plain)
    }

    /// Opens what [`SealedIdentity::seal`] sealed.
    ///
    /// # Errors
    /// With another key, or altered bytes.
    pub fn open(vault: &Vault, sealed: &[u8]) -> Result<SealedIdentity, VaultError> {
        let plain = vault.open(Purpose::Identity, sealed)?;
        serde_json::from_slice(&plain).map_err(|_| VaultError::Malformed)
    }
}

/// A Discord account as the server shows it, or a pseudo that someone typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct DiscordName {
    /// The display name.
    #[serde(rename = "d")]
    pub display: String,
    /// The unique name, without «@»; empty when only a typed pseudo is known.
    #[serde(rename = "u", default, skip_serializing_if = "String::is_empty")]
    pub username: String,
}

impl std::fmt::Debug for DiscordName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DiscordName(…)")
    }
}

impl DiscordName {
    /// Seals it.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn seal(&self, vault: &Vault) -> Result<Vec<u8>, VaultError> {
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(self).map_err(|_| VaultError::DoesNotSeal)?);
        vault.seal(Purpose::DiscordName, &plain)
    }

    /// Opens what [`DiscordName::seal`] sealed.
    ///
    /// # Errors
    /// With another key, or altered bytes.
    pub fn open(vault: &Vault, sealed: &[u8]) -> Result<DiscordName, StoreError> {
        let plain = vault.open(Purpose::DiscordName, sealed)?;
        serde_json::from_slice(&plain).map_err(|_| StoreError::Vault(VaultError::Malformed))
    }
}
