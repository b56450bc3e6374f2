//! What a person sees, as values: messages, buttons, selects and modals, before any Discord library.
//!
//! Texts build these, tests compare them, `discord::view` turns them into requests. Limits are Discord's (resources/message,
//! components/reference); builders cut nothing silently, [`Message::faults`] tells what would be refused.

use super::action::Action;

/// The most characters that Discord accepts in the content of a message.
pub const CONTENT_MAX: usize = 2000;
/// The most characters over all embeds of a message.
pub const EMBEDS_MAX: usize = 6000;
/// The most characters in the description of an embed.
pub const DESCRIPTION_MAX: usize = 4096;
/// The most rows of components under a message, and of fields in a modal.
pub const ROWS_MAX: usize = 5;
/// The most buttons in a row.
pub const BUTTONS_MAX: usize = 5;
/// The most options in a select.
pub const OPTIONS_MAX: usize = 25;

/// The tone of an embed: colour helps the eye, the words say it too (voice.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Information.
    Neutral,
    /// Done.
    Done,
    /// To be checked.
    Check,
    /// Refused.
    Refused,
}

impl Tone {
    /// The colour, as Discord writes it (0xRRGGBB).
    #[must_use]
    pub fn colour(self) -> u32 {
        match self {
            Tone::Neutral => 0x003b_5ba9,
            Tone::Done => 0x002e_7d32,
            Tone::Check => 0x00c7_7700,
            Tone::Refused => 0x00b3_261e,
        }
    }
}

/// An embed: a framed text under a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Embed {
    /// Its colour.
    pub tone: Tone,
    /// At most 256 characters; may be empty.
    pub title: String,
    /// At most 4096 characters.
    pub description: String,
    /// Name and value pairs, 25 at most (256 and 1024 characters).
    pub fields: Vec<(String, String)>,
    /// At most 2048 characters; may be empty.
    pub footer: String,
    /// The name of an attached file to show as image (`attachment://name`).
    pub image: Option<String>,
}

impl Embed {
    /// An embed with a title and a description.
    #[must_use]
    pub fn new(tone: Tone, title: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            tone,
            title: title.into(),
            description: description.into(),
            fields: Vec::new(),
            footer: String::new(),
            image: None,
        }
    }

    /// The characters that count towards [`EMBEDS_MAX`].
    #[must_use]
    pub fn len(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(name, value)| count(name) + count(value)).sum();
        count(&self.title) + count(&self.description) + count(&self.footer) + fields
    }

    /// Whether the embed holds no text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// The expected next step.
    Primary,
    /// Any other.
    Secondary,
    /// Confirms something done.
    Success,
    /// Cannot be undone.
    Danger,
}

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// Sends an interaction.
    Act(Action),
    /// Opens an address.
    Open(String),
}

/// A button. Labels bear no emoji (product.md §19) and at most 80 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Button {
    /// Its label.
    pub label: String,
    /// Its look; ignored by links.
    pub style: Style,
    /// What it does.
    pub target: Target,
    /// Shown, but cannot be pressed.
    pub disabled: bool,
}

impl Button {
    /// A button that sends `action`.
    #[must_use]
    pub fn new(label: impl Into<String>, style: Style, action: Action) -> Self {
        Self {
            label: label.into(),
            style,
            target: Target::Act(action),
            disabled: false,
        }
    }

    /// A button that opens `address`.
    #[must_use]
    pub fn link(label: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            style: Style::Secondary,
            target: Target::Open(address.into()),
            disabled: false,
        }
    }

    /// The same button, pressable only when `enabled`.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.disabled = !enabled;
        self
    }
}

/// One line of a select.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Choice {
    /// At most 100 characters.
    pub label: String,
    /// At most 100 characters; never a name, a phone or a mail.
    pub value: String,
    /// At most 100 characters; may be empty.
    pub description: String,
    /// Selected when shown.
    pub chosen: bool,
}

/// A select under a message: one choice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Select {
    /// What it does when a line is chosen.
    pub action: Action,
    /// At most 150 characters.
    pub placeholder: String,
    /// Its lines, or a choice of a Discord member.
    pub of: SelectOf,
    /// Fewest and most lines to choose.
    pub bounds: (u8, u8),
}

/// What a select offers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SelectOf {
    /// 1 to 25 lines.
    Choices(Vec<Choice>),
    /// The members of the server.
    Users,
}

/// A row of components.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Row {
    /// 1 to 5 buttons.
    Buttons(Vec<Button>),
    /// One select.
    Select(Select),
}

/// A file sent with a message.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct File {
    /// Its name; never a person's.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What an image shows, for whoever does not see it; at most 1024 characters, and empty for other files.
    pub description: String,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File")
            .field("name", &self.name)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// Whom a message notifies. Everything else that looks like a mention stays silent (product.md §2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Mentions {
    /// Accounts notified.
    pub users: Vec<u64>,
    /// Roles notified.
    pub roles: Vec<u64>,
}

/// A message, in a channel, a DM or an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Message {
    /// At most 2000 characters.
    pub content: String,
    /// 10 at most, 6000 characters together.
    pub embeds: Vec<Embed>,
    /// 5 at most.
    pub rows: Vec<Row>,
    /// 10 at most.
    pub files: Vec<File>,
    /// Whom it notifies.
    pub mentions: Mentions,
}

impl Message {
    /// A message of text alone.
    #[must_use]
    pub fn text(content: impl Into<String>) -> Self {
        Self {
            content: content.into(),
            ..Self::default()
        }
    }

    /// The same message with a row of buttons; an empty row is not added.
    #[must_use]
    pub fn with_buttons(mut self, buttons: Vec<Button>) -> Self {
        if !buttons.is_empty() {
            self.rows.push(Row::Buttons(buttons));
        }
        self
    }

    /// The same message with a select.
    #[must_use]
    pub fn with_select(mut self, select: Select) -> Self {
        self.rows.push(Row::Select(select));
        self
    }

    /// The same message with an embed.
    #[must_use]
    pub fn with_embed(mut self, embed: Embed) -> Self {
        self.embeds.push(embed);
        self
    }

    /// The same message with a file.
    #[must_use]
    pub fn with_file(mut self, name: impl Into<String>, bytes: Vec<u8>) -> Self {
        self.files.push(File {
            name: name.into(),
            bytes,
            description: String::new(),
        });
        self
    }

    /// The same message with an image, described in words.
    #[must_use]
    pub fn with_image(mut self, name: impl Into<String>, bytes: Vec<u8>, description: impl Into<String>) -> Self {
        self.files.push(File {
            name: name.into(),
            bytes,
            description: description.into(),
        });
        self
    }

    /// What Discord would refuse in this message, one line each; empty when it fits.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |what: &str, length: usize, max: usize| {
            if length > max {
                faults.push(format!("{what}: {length} > {max}"));
            }
        };
        check("content", count(&self.content), CONTENT_MAX);
        check("embeds", self.embeds.len(), 10);
        check(
            "embeds, characters",
            self.embeds.iter().map(Embed::len).sum(),
            EMBEDS_MAX,
        );
        for embed in &self.embeds {
            check("embed title", count(&embed.title), 256);
            check("embed description", count(&embed.description), DESCRIPTION_MAX);
            check("embed footer", count(&embed.footer), 2048);
            check("embed fields", embed.fields.len(), 25);
            for (name, value) in &embed.fields {
                check("field name", count(name), 256);
                check("field value", count(value), 1024);
            }
        }
        check("files", self.files.len(), 10);
        for file in &self.files {
            check("file description", count(&file.description), 1024);
        }
        check("rows", self.rows.len(), ROWS_MAX);
        for row in &self.rows {
            match row {
                Row::Buttons(buttons) => {
                    check("buttons", buttons.len(), BUTTONS_MAX);
                    for button in buttons {
                        check("button label", count(&button.label), 80);
                    }
                }
                Row::Select(select) => {
                    check("placeholder", count(&select.placeholder), 150);
                    if let SelectOf::Choices(choices) = &select.of {
                        check("options", choices.len(), OPTIONS_MAX);
                        for choice in choices {
                            check("option label", count(&choice.label), 100);
                            check("option value", count(&choice.value), 100);
                            check("option description", count(&choice.description), 100);
                        }
                    }
                }
            }
        }
        if self.content.is_empty() && self.embeds.is_empty() && self.files.is_empty() {
            faults.push("empty message".to_owned());
        }
        faults
    }
}

/// One field of a modal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its stable name (product.md §19).
    pub id: &'static str,
    /// At most 45 characters.
    pub label: String,
    /// What it holds when opened; at most `max` characters.
    pub value: String,
    /// At most 100 characters.
    pub placeholder: String,
    /// Whether an empty field is refused by Discord itself.
    pub required: bool,
    /// Several lines.
    pub long: bool,
    /// At most 4000.
    pub max: u16,
}

impl Field {
    /// A required one-line field of at most 100 characters.
    #[must_use]
    pub fn short(id: &'static str, label: impl Into<String>) -> Self {
        Self {
            id,
            label: label.into(),
            value: String::new(),
            placeholder: String::new(),
            required: true,
            long: false,
            max: 100,
        }
    }

    /// A required field of several lines.
    #[must_use]
    pub fn long(id: &'static str, label: impl Into<String>, max: u16) -> Self {
        Self {
            long: true,
            max,
            ..Self::short(id, label)
        }
    }

    /// The same field, filled; what would not fit is cut.
    #[must_use]
    pub fn filled(mut self, value: &str) -> Self {
        self.value = value.chars().take(usize::from(self.max)).collect();
        self
    }

    /// The same field with an example shown while it is empty.
    #[must_use]
    pub fn example(mut self, placeholder: impl Into<String>) -> Self {
        self.placeholder = placeholder.into();
        self
    }

    /// The same field, which may stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }
}

impl std::fmt::Debug for Field {
    /// Without the value, which may be someone's phone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Field")
            .field("id", &self.id)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// A form in a window. It is always the first answer to a command or a button, never to another modal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Modal {
    /// What its submission does.
    pub action: Action,
    /// At most 45 characters.
    pub title: String,
    /// 1 to 5.
    pub fields: Vec<Field>,
}

/// Characters as Discord counts them, on the safe side: UTF-16 units, which are never fewer than code points.
#[must_use]
pub fn count(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_within_the_limits_has_no_fault() {
        assert_eq!(Message::text("Bonjour").faults(), Vec::<String>::new());
        assert_eq!(Message::default().faults(), ["empty message"]);
    }

    #[test]
    fn what_discord_would_refuse_is_named() {
        let mut message = Message::text("é".repeat(2001));
        message
            .embeds
            .push(Embed::new(Tone::Neutral, "t".repeat(257), "d".repeat(4097)));
        message.embeds.push(Embed::new(Tone::Neutral, "", "d".repeat(1700)));
        let faults = message.faults();
        assert_eq!(
            faults,
            [
                "content: 2001 > 2000",
                "embeds, characters: 6054 > 6000",
                "embed title: 257 > 256",
                "embed description: 4097 > 4096",
            ]
        );
    }

    #[test]
    fn a_prefilled_field_never_passes_its_own_limit() {
        let field = Field::short("prenom", "Prénom").filled(&"a".repeat(150));
        assert_eq!(field.value.len(), 100);
        assert!(!format!("{field:?}").contains("aaa"), "a value never shows in Debug");
    }
}
