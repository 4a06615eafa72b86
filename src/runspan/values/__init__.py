"""Any value made JSON, by one documented rule, once. Knows no run, span or file.

`encode` and `to_json_value` take what an agent hands over; `dumps` and `loads` plain JSON. See `_encode` for the rule.
"""

from runspan.values._bounds import DEEPEST, DEFAULT_BOUNDS, NO_BOUNDS, Bounds
from runspan.values._encode import encode, encode_plain, to_json_value
from runspan.values._json import dumps, is_deeper, loads
from runspan.values._text import clean_text, text_of

__all__ = [
    "DEEPEST",
    "DEFAULT_BOUNDS",
    "NO_BOUNDS",
    "Bounds",
    "clean_text",
    "dumps",
    "encode",
    "encode_plain",
    "is_deeper",
    "loads",
    "text_of",
    "to_json_value",
]
