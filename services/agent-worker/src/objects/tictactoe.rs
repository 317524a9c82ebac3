//! Tic-tac-toe: the board, with the rules.

use manyworlds_sdk::contract::EntityId;
use manyworlds_sdk::{Error, Event, JsonSchema, Object, ObjectCtx, ObjectType, Received, schemars};
use serde::{Deserialize, Serialize};

/// The fields that make a row, from 0.
const ROWS: [[usize; 3]; 8] = [
    [0, 1, 2],
    [3, 4, 5],
    [6, 7, 8],
    [0, 3, 6],
    [1, 4, 7],
    [2, 5, 8],
    [0, 4, 8],
    [2, 4, 6],
];

/// Take a field: 1 to 9, from the upper left to the lower right. Only whose turn it is can.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct TictactoePlay {
    field: u64,
}

/// Clear the board for another game. Both players can.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct TictactoeClear {}

/// A field was taken.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct TictactoePlayed {
    player: String,
    field: u64,
    /// The board, a line for each row of it.
    board: [String; 3],
    outcome: Outcome,
}

/// The board is clear, and another game begins.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct TictactoeCleared {}

/// The rules don't allow it, and why.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct TictactoeRefused {
    reason: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The game goes on.
    #[default]
    Open,
    /// Who moved last has three in a row.
    Won,
    /// All fields are taken.
    Draw,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Field {
    #[default]
    #[serde(rename = "-")]
    Free,
    X,
    O,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Tictactoe {
    /// Who plays X, and who plays O. X begins.
    players: [String; 2],
    board: [Field; 9],
    outcome: Outcome,
}

impl Object for Tictactoe {
    const TYPE: &'static str = "tictactoe";
}

impl Tictactoe {
    /// Takes a field for a player.
    ///
    /// # Errors
    /// Why the rules don't allow it, for the player.
    fn play(&mut self, player: &str, number: u64) -> Result<(), String> {
        if self.outcome != Outcome::Open {
            return Err("the game is over: clear the board first".to_owned());
        }
        let taken = self.board.iter().filter(|field| **field != Field::Free);
        let taken = taken.count();
        let next = &self.players[taken % 2];
        if next != player {
            return Err(format!("it is the turn of {next}"));
        }
        let index = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
        let mark = [Field::X, Field::O][taken % 2];
        match self.board.get_mut(index) {
            None => return Err("the fields are 1 to 9".to_owned()),
            Some(field) if *field != Field::Free => {
                return Err(format!("field {number} is taken"));
            }
            Some(field) => *field = mark,
        }
        let is_mine = |index: &usize| self.board[*index] == mark;
        if ROWS.iter().any(|row| row.iter().all(is_mine)) {
            self.outcome = Outcome::Won;
        } else if taken + 1 == self.board.len() {
            self.outcome = Outcome::Draw;
        }
        Ok(())
    }

    fn drawn(&self) -> [String; 3] {
        let letter = |field: &Field| match field {
            Field::Free => '-',
            Field::X => 'X',
            Field::O => 'O',
        };
        [0, 3, 6].map(|first| self.board[first..first + 3].iter().map(letter).collect())
    }
}

pub(super) fn object_type() -> ObjectType<impl Object> {
    ObjectType::<Tictactoe>::default()
        .ability("play", play)
        .ability("clear", clear)
}

type Table = ObjectCtx<Tictactoe>;

async fn play(event: Received<TictactoePlay>, mut table: Table) -> Result<Table, Error> {
    let (player, field) = (event.sender.to_string(), event.field);
    if let Err(reason) = table.state.play(&player, field) {
        return refuse(table, &event.sender, reason);
    }
    let played = TictactoePlayed {
        player,
        field,
        board: table.state.drawn(),
        outcome: table.state.outcome,
    };
    table.send(&played)?;
    Ok(table)
}

async fn clear(event: Received<TictactoeClear>, mut table: Table) -> Result<Table, Error> {
    let is_player = |name: &String| name == event.sender.as_str();
    if !table.state.players.iter().any(is_player) {
        let reason = "only its players clear the board".to_owned();
        return refuse(table, &event.sender, reason);
    }
    table.state.board = Default::default();
    table.state.outcome = Outcome::Open;
    table.send(&TictactoeCleared {})?;
    Ok(table)
}

fn refuse(mut table: Table, sender: &EntityId, reason: String) -> Result<Table, Error> {
    table.send_to(sender, &TictactoeRefused { reason })?;
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays these fields in turn, and checks the outcome, or why the last is not allowed.
    fn check(fields: &[u64], expected: Result<Outcome, &str>) {
        let players = ["xavier", "olga"].map(str::to_owned);
        let mut game = Tictactoe {
            players: players.clone(),
            ..Tictactoe::default()
        };
        let mut last = Ok(());
        for (index, field) in fields.iter().enumerate() {
            last = game.play(&players[index % 2], *field);
        }
        let outcome = last.map(|()| game.outcome);
        assert_eq!(outcome, expected.map_err(str::to_owned), "{fields:?}");
    }

    #[test]
    fn three_in_a_row_win_and_a_full_board_is_a_draw() {
        check(&[5], Ok(Outcome::Open));
        check(&[5, 1, 3, 2, 7], Ok(Outcome::Won));
        check(&[5, 1, 2, 8, 3, 7, 4, 6, 9], Ok(Outcome::Draw));
    }

    #[test]
    fn an_invalid_move_changes_nothing() {
        check(&[5, 5], Err("field 5 is taken"));
        check(&[0], Err("the fields are 1 to 9"));
        check(&[10], Err("the fields are 1 to 9"));
        check(&[u64::MAX], Err("the fields are 1 to 9"));
        check(&[5, 5, 5], Err("it is the turn of olga"));
        let over = "the game is over: clear the board first";
        check(&[5, 1, 3, 2, 7, 9], Err(over));
    }
}
