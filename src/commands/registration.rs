//! The commands as Discord is told of them: one list for the bound server, sent again only when it changes (product.md §17).

use serde_json::{Value, json};

/// The list that is registered.
#[must_use]
pub fn definitions() -> Value {
    let mut commands = super::all();
    poise::set_qualified_names(&mut commands);
    let builders = poise::builtins::create_application_commands(&commands);
    // Builders of strings and numbers always serialise.
    json!(builders)
}

/// Every line that a person can type, without «/»: each command, or each of its subcommands.
#[must_use]
pub fn lines() -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for command in super::all() {
        if command.subcommands.is_empty() {
            lines.push(command.name.to_string());
        }
        lines.extend(
            command
                .subcommands
                .iter()
                .map(|subcommand| format!("{} {}", command.name, subcommand.name)),
        );
    }
    lines
}

/// What tells one registration from another: the server, the application and every word of the list.
#[must_use]
pub fn fingerprint(server: u64, application: u64, definitions: &Value) -> String {
    let text = json!([server, application, definitions]).to_string();
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_server_application_or_list_is_another_registration() {
        let list = json!([{"name": "aide"}]);
        let known = fingerprint(1, 2, &list);
        assert_eq!(known, fingerprint(1, 2, &list.clone()));
        for other in [
            fingerprint(9, 2, &list),
            fingerprint(1, 9, &list),
            fingerprint(1, 2, &json!([])),
        ] {
            assert_ne!(known, other);
        }
    }

    #[test]
    fn discord_accepts_every_name_and_description() {
        fn check(command: &Value, path: &str) {
            let name = command["name"].as_str().unwrap();
            let path = format!("{path}/{name}");
            let (length, description) = (name.chars().count(), command["description"].as_str().unwrap());
            assert!((1..=32).contains(&length), "{path}");
            assert!(
                name.chars()
                    .all(|c| c == '-' || c == '_' || c.is_numeric() || c.is_lowercase()),
                "{path}"
            );
            assert!(
                (1..=100).contains(&description.chars().count()),
                "{path}: {description}"
            );
            for option in command["options"].as_array().into_iter().flatten() {
                check(option, &path);
            }
        }
        for command in definitions().as_array().unwrap() {
            check(command, "");
            assert!(command.to_string().chars().count() < 8000, "{}", command["name"]);
        }
    }
}
