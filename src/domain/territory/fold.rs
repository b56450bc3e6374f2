//! Names compared as people write them: without accents, case, hyphens, nor the abbreviations of the post.

use deunicode::deunicode_char;

/// A text in lower-case ASCII letters and digits, all else turned into single spaces («L’Haÿ-les-Roses» → «l hay les roses»).
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut push = |c: char| {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    };
    for c in text.chars() {
        if c.is_ascii() {
            push(c);
        } else {
            // What has no ASCII form separates words, as a space does.
            deunicode_char(c).unwrap_or(" ").chars().for_each(&mut push);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The words of a folded text, the post's abbreviations written out («st» → «saint», «s/» → «sur»).
pub(super) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded
        .split(' ')
        .filter(|word| !word.is_empty())
        .enumerate()
        .map(|(at, word)| match word {
            "st" => "saint",
            "ste" => "sainte",
            "sts" => "saints",
            "stes" => "saintes",
            // «Chalon s/ Saône», never at the head.
            "s" if at > 0 => "sur",
            "ss" if at > 0 => "sous",
            other => other,
        })
}

/// The key by which two writings of one commune's name are the same (product.md §4: the `commune` column of an import).
///
/// Folds accents, case, hyphens and spaces; writes «St», «Ste», «s/» out; drops a leading article, a number (an
/// arrondissement, a département in brackets) and everything from «CEDEX» on.
#[must_use]
pub fn name_key(name: &str) -> String {
    let folded = fold(name);
    let mut key = String::with_capacity(folded.len());
    let mut first = true;
    for word in words(&folded) {
        if word == "cedex" {
            break;
        }
        let article = std::mem::take(&mut first) && matches!(word, "le" | "la" | "les" | "l");
        if article
            || word.starts_with(|c: char| c.is_ascii_digit())
            || matches!(word, "arrondissement" | "arr" | "ardt")
        {
            continue;
        }
        key.push_str(word);
    }
    if key.is_empty() { folded.replace(' ', "") } else { key }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writings_of_one_name_have_one_key() {
        for (written, official) in [
            ("ST JEAN DE VEDAS", "Saint-Jean-de-Védas"),
            ("St. Denis", "Saint-Denis"),
            ("ste marie", "Sainte-Marie"),
            ("Chalon s/ Saône", "Chalon-sur-Saône"),
            ("ILE D'YEU", "L’Île-d’Yeu"),
            ("L'île d’Yeu", "L’Île-d’Yeu"),
            ("Mans (Le)", "Mans (Le)"),
            ("MANS", "Le Mans"),
            ("lunel cedex 2", "Lunel"),
            ("Paris 16e", "Paris"),
            ("PARIS 16", "Paris"),
            ("Lyon 3e Arrondissement", "Lyon"),
            ("Oeuilly", "Œuilly"),
            ("L'Hay les Roses", "L’Haÿ-les-Roses"),
            ("Lunel (34)", "Lunel"),
        ] {
            assert_eq!(name_key(written), name_key(official), "{written} / {official}");
        }
        assert_ne!(name_key("Lunel"), name_key("Lunel-Viel"));
        assert_ne!(name_key("Saint-Denis"), name_key("Sainte-Denise"));
        assert_eq!(name_key("Le"), "le");
        assert_eq!(name_key(""), "");
    }

    proptest! {
        #[test]
        fn folding_gives_ascii_words_and_is_settled_after_once(text in "\\PC{0,24}") {
            let folded = fold(&text);
            prop_assert!(folded.bytes().all(|b| b == b' ' || b.is_ascii_lowercase() || b.is_ascii_digit()));
            prop_assert!(!folded.starts_with(' ') && !folded.ends_with(' ') && !folded.contains("  "));
            prop_assert_eq!(fold(&folded), folded);
        }
    }
}
