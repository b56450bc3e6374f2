//! Permission bits as raw numbers (Discord documentation, topics/permissions).
//!
//! They are written out because the Discord library knows none above bit 50 and drops the others when reading: an overwrite
//! read and written back through its types would lose [`PIN_MESSAGES`].

/// Create invitations (bit 0).
pub const CREATE_INSTANT_INVITE: u64 = 1 << 0;
/// Everything, whatever the channels say (bit 3): never asked for.
pub const ADMINISTRATOR: u64 = 1 << 3;
/// Create, edit and delete channels (bit 4).
pub const MANAGE_CHANNELS: u64 = 1 << 4;
/// Add reactions (bit 6).
pub const ADD_REACTIONS: u64 = 1 << 6;
/// See a channel (bit 10).
pub const VIEW_CHANNEL: u64 = 1 << 10;
/// Write in a channel (bit 11).
pub const SEND_MESSAGES: u64 = 1 << 11;
/// Delete the messages of others (bit 13).
pub const MANAGE_MESSAGES: u64 = 1 << 13;
/// Show embeds (bit 14).
pub const EMBED_LINKS: u64 = 1 << 14;
/// Attach files (bit 15).
pub const ATTACH_FILES: u64 = 1 << 15;
/// Read earlier messages (bit 16).
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
/// Give lower roles, and edit overwrites (bit 28).
pub const MANAGE_ROLES: u64 = 1 << 28;
/// Edit and delete scheduled events (bit 33).
pub const MANAGE_EVENTS: u64 = 1 << 33;
/// Open public threads (bit 35).
pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
/// Open private threads (bit 36).
pub const CREATE_PRIVATE_THREADS: u64 = 1 << 36;
/// Write in threads (bit 38).
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
/// Create scheduled events (bit 44).
pub const CREATE_EVENTS: u64 = 1 << 44;
/// Pin messages (bit 51): a permission of its own since February 2026.
pub const PIN_MESSAGES: u64 = 1 << 51;

/// Every permission that the bot asks for, never Administrator (product.md §17).
pub const ASKED: u64 = CREATE_INSTANT_INVITE
    | MANAGE_CHANNELS
    | ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | MANAGE_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | MANAGE_ROLES
    | MANAGE_EVENTS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS
    | CREATE_EVENTS
    | PIN_MESSAGES;

/// Seeing a channel and what was written in it before.
pub const READ: u64 = VIEW_CHANNEL | READ_MESSAGE_HISTORY;
/// Reading and writing.
pub const WRITE: u64 = READ | SEND_MESSAGES;
/// What members lack where only the bot writes (product.md §7): neither messages, nor threads, nor reactions.
pub const QUIET: u64 =
    SEND_MESSAGES | CREATE_PUBLIC_THREADS | CREATE_PRIVATE_THREADS | SEND_MESSAGES_IN_THREADS | ADD_REACTIONS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permissions_asked_are_those_of_the_contract() {
        let bits: Vec<u32> = (0..64).filter(|bit| ASKED & (1 << bit) != 0).collect();
        assert_eq!(bits, [0, 4, 6, 10, 11, 13, 14, 15, 16, 28, 33, 35, 36, 38, 44, 51]);
        assert_eq!(
            ASKED, 2_269_778_815_347_793,
            "the number of the invite link (discord.md §3)"
        );
    }

    #[test]
    fn overwrites_use_only_bits_that_the_bot_holds() {
        // Discord lets a bot allow or deny only what it holds itself, and MANAGE_ROLES never inside an overwrite.
        assert_eq!((WRITE | QUIET) & !ASKED, 0);
        assert_eq!((WRITE | QUIET) & MANAGE_ROLES, 0);
    }
}
