"""The report page: results as a folder that a browser opens from disk, with no network and no server."""

from flmcore.report.page.page import write_page

__all__ = ["write_page"]
