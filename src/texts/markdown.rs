//! What keeps a text within Discord: escaping of what people typed, lengths, lists, plurals, the progress bar.

use unicode_segmentation::UnicodeSegmentation;

/// Characters of a message (Discord documentation, «Create Message»).
pub const MESSAGE_MAX: usize = 2000;
/// Characters of an embed's description (Discord documentation, «Embed Limits»).
pub const EMBED_DESCRIPTION_MAX: usize = 4096;
/// Characters of all the embeds of a message together (Discord documentation, «Embed Limits»).
pub const EMBED_TOTAL_MAX: usize = 6000;
/// Characters of a field's value in an embed (Discord documentation, «Embed Limits»).
pub const EMBED_FIELD_MAX: usize = 1024;
/// Characters of a title of an embed, and of a field's name (Discord documentation, «Embed Limits»).
pub const EMBED_TITLE_MAX: usize = 256;
/// Characters of a button's label (Discord documentation, «Button»).
pub const BUTTON_LABEL_MAX: usize = 80;
/// Characters of the label, the value and the description of a select option, and of an autocomplete choice.
pub const OPTION_MAX: usize = 100;
/// Options of a select, and choices of an autocomplete.
pub const OPTIONS_MAX: usize = 25;

/// Nothing to see, but it separates what Discord would join.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// The length that Discord may count at most: UTF-16 units, never fewer than code points. Where Discord counts code
/// points this is prudent by one for each emoji.
#[must_use]
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Makes what somebody typed show as it was typed (product.md §2): no bold, no spoiler, no link, no mention, no title,
/// no quotation. Control characters and those that reverse the direction of writing are left out.
///
/// The result is for text, not for code blocks: see [`code_block`].
#[must_use]
pub fn escape_markdown(typed: &str) -> String {
    let mut out = String::with_capacity(typed.len() + 8);
    // Discord reads titles, quotations and lists at the head of a line, after spaces too.
    let mut head = true;
    let mut digits = false;
    let mut rest = typed.chars().filter(|c| is_visible(*c)).peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => {
                out.push(c);
                (head, digits) = (true, false);
                continue;
            }
            ' ' | '\t' | '\u{a0}' if head && !digits => {
                out.push(c);
                continue;
            }
            '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            '#' | '>' | '-' | '+' if head && !digits => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if digits => {
                out.push('\\');
                out.push(c);
            }
            // Bare addresses become links, with a preview of the page.
            ':' if rest.peek() == Some(&'/') => out.push_str("\\:"),
            '@' => {
                out.push(c);
                // `@everyone` and `@here`; mentions of one person need the `<` escaped above. Mails stay whole.
                if matches!(rest.peek(), Some('e' | 'E' | 'h' | 'H')) && !is_inside_word(&out) {
                    out.push(ZERO_WIDTH_SPACE);
                }
            }
            _ => out.push(c),
        }
        digits = c.is_ascii_digit() && (head || digits);
        head = false;
    }
    out
}

/// Whether the `@` that ends `text` follows a letter or a digit, as in a mail.
fn is_inside_word(text: &str) -> bool {
    text.chars().rev().nth(1).is_some_and(char::is_alphanumeric)
}

fn is_visible(c: char) -> bool {
    let reverses = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    c == '\n' || c == '\t' || !(c.is_control() || reverses)
}

/// A typed text in the middle of a line of ours: escaped, with its line breaks and runs of spaces made one space.
#[must_use]
pub fn escape_line(typed: &str) -> String {
    escape_markdown(&typed.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A block of text to be copied as it is (a ready SMS). Backquotes inside, which would close the block, are parted by a
/// character of no width.
#[must_use]
pub fn code_block(text: &str) -> String {
    let mut out = String::from("```\n");
    let mut last = '\n';
    for c in text.trim_matches('\n').chars().filter(|c| is_visible(*c)) {
        if c == '`' && last == '`' {
            out.push(ZERO_WIDTH_SPACE);
        }
        out.push(c);
        last = c;
    }
    out.push_str("\n```");
    out
}

/// The text itself when it is no longer than `max`, else its beginning and «…», `max` at most in all. Nothing that a
/// reader sees as one character is cut in two, and no escape is left open.
#[must_use]
pub fn fit(text: &str, max: usize) -> String {
    if length(text) <= max {
        return text.to_owned();
    }
    let Some(room) = max.checked_sub(1) else {
        return String::new();
    };
    let mut used = 0;
    let mut end = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        used += length(grapheme);
        if used > room {
            break;
        }
        end = start + grapheme.len();
    }
    let mut kept = &text[..end];
    let escapes = kept.len() - kept.trim_end_matches('\\').len();
    if escapes % 2 == 1 {
        kept = &kept[..kept.len() - 1];
    }
    format!("{}…", kept.trim_end())
}

/// As many lines as `max` holds, then «… et 12 autres» with `suffix` behind it («&nbsp;(fichier joint)», or nothing).
/// Lines are kept whole; when not even the first one fits, it is cut.
#[must_use]
pub fn fit_lines<S: AsRef<str>>(lines: &[S], max: usize, suffix: &str) -> String {
    let more = |left: usize| match left {
        1 => format!("… et 1\u{a0}autre{suffix}"),
        _ => format!("… et {}\u{a0}autres{suffix}", number(left as u64)),
    };
    let total = lines
        .iter()
        .map(|line| length(line.as_ref()) + 1)
        .sum::<usize>()
        .saturating_sub(1);
    let join = |lines: &[S]| lines.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("\n");
    if total <= max {
        return join(lines);
    }
    let mut used = 0;
    let mut kept = 0;
    for (i, line) in lines.iter().enumerate() {
        used += length(line.as_ref()) + 1;
        if used + length(&more(lines.len() - i - 1)) > max {
            break;
        }
        kept = i + 1;
    }
    match (kept, lines) {
        (0, [only]) => fit(only.as_ref(), max),
        (0, [first, ..]) => {
            let tail = more(lines.len() - 1);
            let room = max.saturating_sub(length(&tail) + 1);
            fit(&format!("{}\n{tail}", fit(first.as_ref(), room)), max)
        }
        _ => format!("{}\n{}", join(&lines[..kept]), more(lines.len() - kept)),
    }
}

/// A number with its thousands parted by a no-break space: «2 500».
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + 8);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// «50 %», with a no-break space.
#[must_use]
pub fn percent(share: u8) -> String {
    format!("{share}\u{a0}%")
}

/// The word for `n` things: in French, none and one are singular.
#[must_use]
pub const fn plural<'a>(n: u64, one: &'a str, many: &'a str) -> &'a str {
    if n < 2 { one } else { many }
}

/// «1 membre», «12 membres», «0 membre», with a no-break space.
#[must_use]
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{}\u{a0}{}", number(n), plural(n, one, many))
}

/// «Camille, Noé et Awa».
#[must_use]
pub fn enumeration<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} et {}", first.join(", "), last.as_ref())
        }
    }
}

/// A bar of `width` signs, «▰▰▰▱▱»: full only when the goal is reached, empty only when nothing is there.
#[must_use]
pub fn progress_bar(n: u64, max: u64, width: usize) -> String {
    let filled = if max == 0 || n >= max {
        width
    } else {
        let share = usize::try_from(u128::from(n) * width as u128 / u128::from(max)).unwrap_or(width);
        share.clamp(usize::from(n > 0), width.saturating_sub(1).max(usize::from(n > 0)))
    };
    let filled = filled.min(width);
    format!("{}{}", "▰".repeat(filled), "▱".repeat(width - filled))
}

/// French typography for texts typed on an ordinary keyboard: no-break spaces where a plain space was typed inside
/// guillemets and before `: ; ? ! %`, and the apostrophe ’ between letters. Nothing is added where no space was typed, so that
/// addresses, code between backquotes and timestamps stay as they are.
#[must_use]
pub fn typeset(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut in_code = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        let last = out.chars().next_back();
        match c {
            '`' => {
                in_code = !in_code;
                out.push(c);
            }
            ' ' if !in_code && (last == Some('«') || matches!(next, Some(':' | ';' | '?' | '!' | '%' | '»'))) => {
                out.push('\u{a0}');
            }
            '\'' if !in_code
                && last.is_some_and(char::is_alphabetic)
                && next.is_some_and(|n| n.is_alphabetic() || n == '«' || n == '*') =>
            {
                out.push('’');
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_typed_shows_as_typed() {
        for (typed, escaped) in [
            ("Les Sables-d’Olonne (Vendée)", "Les Sables-d’Olonne (Vendée)"),
            (
                "**gras** _it_ ~~non~~ ||caché||",
                r"\*\*gras\*\* \_it\_ \~\~non\~\~ \|\|caché\|\|",
            ),
            ("# Titre", r"\# Titre"),
            ("-# petit", r"\-# petit"),
            ("a\n> cité\n  - liste", "a\n\\> cité\n  \\- liste"),
            ("1. un", r"1\. un"),
            ("12) douze", r"12\) douze"),
            ("3.5 et 1.", r"3\.5 et 1."),
            ("n° 1.", "n° 1."),
            ("[ici](https://example.org)", r"\[ici\](https\://example.org)"),
            ("<@123> <#4> <t:0:F>", r"\<@123> \<#4> \<t:0:F>"),
            ("@everyone, @here", "@\u{200b}everyone, @\u{200b}here"),
            (
                "camille@example.org et noe@here.example.org",
                "camille@example.org et noe@here.example.org",
            ),
            (r"\*", r"\\\*"),
            ("20:30", "20:30"),
            ("a\u{202e}b\u{7}c", "abc"),
        ] {
            assert_eq!(escape_markdown(typed), escaped, "{typed}");
        }
        assert_eq!(escape_line("  a\n# b  c "), "a # b c");
    }

    #[test]
    fn a_block_to_copy_cannot_be_closed_from_inside() {
        assert_eq!(code_block("Bonjour"), "```\nBonjour\n```");
        assert_eq!(code_block("a```b"), "```\na`\u{200b}`\u{200b}`b\n```");
    }

    #[test]
    fn a_text_is_cut_only_when_it_must() {
        assert_eq!(fit("Lunel", 5), "Lunel");
        assert_eq!(fit("Lunel et Mauguio", 9), "Lunel et…");
        assert_eq!(fit("Lunel", 1), "…");
        assert_eq!(fit("Lunel", 0), "");
        assert_eq!(fit(r"abc\*def", 5), "abc…");
        assert_eq!(fit(r"ab\\cdef", 5), r"ab\\…");
        // A family of three is one sign of eight UTF-16 units: it goes whole.
        assert_eq!(fit("a👨\u{200d}👩\u{200d}👧bcd", 9), "a…");
        assert_eq!(fit("ae\u{301}b", 3), "a…");
    }

    #[test]
    fn a_long_list_says_how_many_are_left() {
        assert_eq!(fit_lines(&["un", "deux"], 7, ""), "un\ndeux");
        let lines: Vec<String> = (1..=30).map(|i| format!("ligne {i:02}")).collect();
        let text = fit_lines(&lines, 50, "\u{a0}(fichier joint)");
        assert_eq!(text, "ligne 01\nligne 02\n… et 28\u{a0}autres\u{a0}(fichier joint)");
        let text = fit_lines(&["a", "un second bien trop long"], 14, "");
        assert_eq!(text, "a\n… et 1\u{a0}autre");
        assert_eq!(fit_lines(&["beaucoup trop long"], 9, ""), "beaucoup…");
        assert_eq!(fit_lines::<&str>(&[], 9, ""), "");
    }

    #[test]
    fn numbers_carry_their_word() {
        assert_eq!(count(0, "membre", "membres"), "0\u{a0}membre");
        assert_eq!(count(1, "membre", "membres"), "1\u{a0}membre");
        assert_eq!(
            count(1_234_567, "inscrit", "inscrits"),
            "1\u{a0}234\u{a0}567\u{a0}inscrits"
        );
        assert_eq!(enumeration(&["Camille", "Noé", "Awa"]), "Camille, Noé et Awa");
        assert_eq!(enumeration(&["Camille"]), "Camille");
        assert_eq!(enumeration::<&str>(&[]), "");
    }

    #[test]
    fn the_bar_is_full_only_at_the_goal() {
        assert_eq!(progress_bar(7, 10, 10), "▰▰▰▰▰▰▰▱▱▱");
        assert_eq!(progress_bar(0, 10, 5), "▱▱▱▱▱");
        assert_eq!(progress_bar(1, 1000, 5), "▰▱▱▱▱");
        assert_eq!(progress_bar(999, 1000, 5), "▰▰▰▰▱");
        assert_eq!(progress_bar(12, 10, 5), "▰▰▰▰▰");
        assert_eq!(progress_bar(1, 0, 3), "▰▰▰");
        assert_eq!(progress_bar(1, 2, 0), "");
    }

    #[test]
    fn plain_typing_gets_french_typography() {
        assert_eq!(
            typeset("L'accord : « oui » ? 50 %"),
            "L’accord\u{a0}: «\u{a0}oui\u{a0}»\u{a0}? 50\u{a0}%"
        );
        assert_eq!(
            typeset("`a : b` https://x.org/?q : <t:1:F>"),
            "`a : b` https://x.org/?q\u{a0}: <t:1:F>"
        );
    }

    /// What Discord shows of an escaped text: a backslash before a sign that is neither letter, digit nor space goes.
    fn rendered(escaped: &str) -> String {
        let mut out = String::new();
        let mut rest = escaped.chars().peekable();
        while let Some(c) = rest.next() {
            match (c, rest.peek()) {
                ('\\', Some(next)) if next.is_ascii_punctuation() => {
                    out.push(*next);
                    rest.next();
                }
                ('\u{200b}', _) => {}
                _ => out.push(c),
            }
        }
        out
    }

    proptest! {
        #[test]
        fn escaping_loses_nothing_and_leaves_no_mark_alone(typed in "[a-zé0-9 \n*_~`|<>\\[\\]#.:/@()\\\\+-]{0,40}") {
            let escaped = escape_markdown(&typed);
            prop_assert_eq!(rendered(&escaped), typed);
            let mut rest = escaped.chars();
            while let Some(c) = rest.next() {
                if c == '\\' {
                    prop_assert!(rest.next().is_some_and(|n| n.is_ascii_punctuation()));
                } else {
                    prop_assert!(!"*_~`|<[]".contains(c));
                }
            }
            // A colon that is escaped makes no link.
            prop_assert!(!escaped.replace("\\:", "").contains("://"));
        }

        #[test]
        fn a_fitted_text_fits(text in "\\PC{0,60}", max in 0usize..40) {
            let fitted = fit(&text, max);
            prop_assert!(length(&fitted) <= max);
            if length(&text) <= max {
                prop_assert_eq!(fitted, text);
            }
        }

        #[test]
        fn a_fitted_list_fits_and_counts_right(lines in proptest::collection::vec("[a-z]{0,12}", 0..20), max in 16usize..120) {
            let text = fit_lines(&lines, max, "");
            prop_assert!(length(&text) <= max);
            if let Some(tail) = text.lines().last().and_then(|l| l.strip_prefix("… et ")) {
                let left: usize = tail.split('\u{a0}').next().unwrap().parse().unwrap();
                prop_assert_eq!(text.lines().count() - 1 + left, lines.len());
            }
        }

        #[test]
        fn the_bar_has_its_width(n in 0u64..200, max in 0u64..200, width in 0usize..20) {
            let bar = progress_bar(n, max, width);
            prop_assert_eq!(bar.chars().count(), width);
            if n > 0 && n < max && width > 1 {
                prop_assert!(bar.starts_with('▰') && bar.ends_with('▱'));
            }
        }
    }
}
