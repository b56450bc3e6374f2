-- Newcomers (product.md §11): whom the bot has welcomed, who wants no messages, who wants to be reminded of the meeting.

-- Each account once, ever: events repeat, people leave and come back.
CREATE TABLE greetings (
    user_id  INTEGER PRIMARY KEY,                                     -- Discord account
    at       INTEGER NOT NULL,
    welcomed INTEGER NOT NULL CHECK (welcomed IN (0, 1))              -- 0: was there before the program, not to be welcomed
) STRICT;

-- «Ne plus recevoir de messages».
CREATE TABLE opt_outs (
    user_id INTEGER PRIMARY KEY,
    since   INTEGER NOT NULL
) STRICT;

-- «Me le rappeler».
CREATE TABLE meeting_subscribers (
    user_id INTEGER PRIMARY KEY,
    since   INTEGER NOT NULL
) STRICT;
