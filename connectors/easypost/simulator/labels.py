"""Label files: small, and real enough to be opened."""

import base64

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
_PDF = """%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 288 432]/Contents 4 0 R>>endobj
4 0 obj<</Length {length}>>stream
{drawn}
endstream endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def label_file(wanted: str, number: str) -> tuple[bytes, str]:
    """Return a label's bytes and media type: PDF, ZPL, EPL2, or PNG."""
    match wanted:
        case "PDF":
            drawn = f"BT 20 200 Td ({number}) Tj ET"
            return _PDF.format(length=len(drawn), drawn=drawn).encode(), "application/pdf"
        case "ZPL":
            return f"^XA^FO50,50^BCN,100,Y,N,N^FD{number}^FS^XZ\n".encode(), "application/zpl"
        case "EPL2":
            return f'\nN\nB50,50,0,1,2,2,100,B,"{number}"\nP1\n'.encode(), "application/epl2"
        case _:
            return _PIXEL + number.encode(), "image/png"
