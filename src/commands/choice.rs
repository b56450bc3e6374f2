//! Options with a fixed list of choices whose values are words of the contract (product.md §19). Poise's own choices send
//! numbers, which would change with the order of an enum.

use serenity::all as serenity;

/// A type of which each value is one choice of an option.
pub trait Choices: Sized + Send {
    /// Value and label of each, in the order in which they are shown; 25 at most.
    fn list() -> &'static [(&'static str, &'static str)];

    /// The choice of a value.
    fn from_value(value: &str) -> Option<Self>;
}

/// A parameter of a command that is one of the choices of `T`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<T>(pub T);

#[serenity::async_trait]
impl<T: Choices> poise::SlashArgument for Choice<T> {
    async fn extract(
        _: &serenity::Context,
        _: &serenity::CommandInteraction,
        value: &serenity::ResolvedValue<'_>,
    ) -> Result<Self, poise::SlashArgError> {
        let chosen = match value {
            serenity::ResolvedValue::String(value) => T::from_value(value),
            _ => None,
        };
        chosen
            .map(Choice)
            .ok_or_else(|| poise::SlashArgError::new_command_structure_mismatch("a choice that is not ours"))
    }

    fn create(builder: serenity::CreateCommandOption) -> serenity::CreateCommandOption {
        T::list().iter().fold(
            builder.kind(serenity::CommandOptionType::String),
            |builder, (value, label)| builder.add_string_choice(*label, *value),
        )
    }
}
