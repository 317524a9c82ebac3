//! Names and the ids made of them.

#[cfg(test)]
mod tests;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The id that a name makes: its Latin letters and digits in lower case, its words joined by
/// hyphens. `My World`, `MyWorld` and `my_world` are all `my-world`.
///
/// `None` when nothing is left, as of a name in another script: such an entity needs an id of its
/// own, since all of them would share the empty one.
pub fn kebab_id(name: &str) -> Option<String> {
    let mut id = String::with_capacity(name.len());
    let mut previous = ' ';
    for character in folded(name).chars() {
        let begins_a_hump = previous.is_ascii_lowercase() && character.is_ascii_uppercase();
        let is_part = character.is_ascii_alphanumeric();
        if (begins_a_hump || !is_part) && !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
        if is_part {
            id.push(character.to_ascii_lowercase());
        }
        previous = character;
    }
    let id = id.trim_end_matches('-');
    (!id.is_empty()).then(|| id.to_owned())
}

/// The name without its accents, so that `Zoë` can be typed on any keyboard.
fn folded(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for character in name
        .nfkd()
        .filter(|character| !is_combining_mark(*character))
    {
        match letters_of_ligature(character) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(character),
        }
    }
    folded
}

/// Latin letters that Unicode takes for whole ones, not for a letter with an accent.
fn letters_of_ligature(character: char) -> Option<&'static str> {
    let letters = match character {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "Ae",
        'œ' => "oe",
        'Œ' => "Oe",
        'þ' => "th",
        'Þ' => "Th",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'ħ' => "h",
        'Ħ' => "H",
        'ı' => "i",
        _ => return None,
    };
    Some(letters)
}
