"""`batchUpdate`: applies requests in order, all or none."""

from collections.abc import Callable

from . import (
    edit_cells,
    edit_lines,
    edit_metadata,
    edit_parts,
    edit_paste,
    edit_sheets,
    merges,
    protection,
    tables,
)
from .book import Book
from .callers import Caller
from .errors import Json, about, invalid, unimplemented

Edit = Callable[[Book, Json], Json]

EDITS: dict[str, Edit] = {
    "addBanding": edit_parts.add_banding,
    "addChart": edit_parts.add_chart,
    "addConditionalFormatRule": edit_parts.add_conditional_format_rule,
    "addFilterView": edit_parts.add_filter_view,
    "addNamedRange": edit_parts.add_named_range,
    "addProtectedRange": edit_parts.add_protected_range,
    "addSheet": edit_sheets.add_sheet,
    "addTable": tables.add_table,
    "appendCells": edit_cells.append_cells,
    "appendDimension": edit_lines.append_dimension,
    "autoResizeDimensions": edit_lines.auto_resize_dimensions,
    "clearBasicFilter": edit_parts.clear_basic_filter,
    "copyPaste": edit_paste.copy_paste,
    "createDeveloperMetadata": edit_metadata.create_developer_metadata,
    "cutPaste": edit_paste.cut_paste,
    "deleteBanding": edit_parts.delete_banding,
    "deleteConditionalFormatRule": edit_parts.delete_conditional_format_rule,
    "deleteDeveloperMetadata": edit_metadata.delete_developer_metadata,
    "deleteDimension": edit_lines.delete_dimension,
    "deleteEmbeddedObject": edit_parts.delete_embedded_object,
    "deleteFilterView": edit_parts.delete_filter_view,
    "deleteNamedRange": edit_parts.delete_named_range,
    "deleteProtectedRange": edit_parts.delete_protected_range,
    "deleteSheet": edit_sheets.delete_sheet,
    "duplicateSheet": edit_sheets.duplicate_sheet,
    "findReplace": edit_cells.find_replace,
    "insertDimension": edit_lines.insert_dimension,
    "mergeCells": edit_parts.merge_cells,
    "moveDimension": edit_lines.move_dimension,
    "repeatCell": edit_cells.repeat_cell,
    "setBasicFilter": edit_parts.set_basic_filter,
    "setDataValidation": edit_cells.set_data_validation,
    "sortRange": edit_cells.sort_range,
    "unmergeCells": edit_parts.unmerge_cells,
    "updateBanding": edit_parts.update_banding,
    "updateBorders": edit_cells.update_borders,
    "updateCells": edit_cells.update_cells,
    "updateChartSpec": edit_parts.update_chart_spec,
    "updateConditionalFormatRule": edit_parts.update_conditional_format_rule,
    "updateDeveloperMetadata": edit_metadata.update_developer_metadata,
    "updateDimensionProperties": edit_lines.update_dimension_properties,
    "updateEmbeddedObjectPosition": edit_parts.update_embedded_object_position,
    "updateFilterView": edit_parts.update_filter_view,
    "updateNamedRange": edit_parts.update_named_range,
    "updateProtectedRange": edit_parts.update_protected_range,
    "updateSheetProperties": edit_sheets.update_sheet_properties,
    "updateSpreadsheetProperties": edit_sheets.update_spreadsheet_properties,
}


LINES = {"deleteDimension", "insertDimension", "moveDimension"}


def apply(book: Book, requests: list[Json], caller: Caller) -> list[Json]:
    """Applies checked requests to a book, and returns their replies. After an error, the caller must drop the book.

    Refusals name the request, as Google's do.
    """
    if not requests:
        raise invalid("Must specify at least one request.")
    replies = []
    for number, request in enumerate(requests):
        if not request:
            raise invalid(f"Invalid requests[{number}]: No request set.")
        [(kind, body)] = request.items()
        if kind not in EDITS:
            raise unimplemented(f"{kind} requests")
        book.formula_ids = book.formula_ids or {} if kind in LINES else None
        with about(f"requests[{number}].{kind}"):
            protection.check_request(book, kind, body, caller)
            merges.check_request(book, kind, body, caller)
            tables.check_request(book, kind, body)
            reply = EDITS[kind](book, body)
        replies.append({kind: reply} if reply else {})
    book.formula_ids = None
    return replies
