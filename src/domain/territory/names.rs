//! Names of places compared as people write them: without accents, case, hyphens, nor the abbreviations of the post.

use crate::domain::fold::fold;

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
}
