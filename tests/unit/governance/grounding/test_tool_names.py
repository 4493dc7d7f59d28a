"""What a tool's name alone says of what it does."""

import pytest

from core.governance.grounding.rules import ground_action
from tests.factories import make_action


@pytest.mark.parametrize(
    ("tool", "reads"),
    [
        ("get_scheduled_transactions", True),
        ("listFiles", True),
        ("files_list", True),
        ("files.read.v2", True),
        ("message_search", True),
        ("github/get_issue", True),
        ("HTTPGet", True),
        ("git_log", True),
        ("kubernetes/pods_log", True),
        ("directory_tree", True),
        ("browser_take_screenshot", True),
        ("browser_console_messages", True),
        ("browser_navigate_back", True),
        ("explain_resource", True),
        ("log_messages", False),
        ("message_log", False),
        ("channel_message", False),
        ("restore_snapshot", False),
        ("git_rewrite_history", False),
        ("overwrite_status", False),
        ("promote_info", False),
        ("share_list", False),
        ("update_status", False),
        ("get_and_delete", False),
        ("frobnicate", False),
    ],
)
def test_tool_names_tell_reading_from_writing(tool: str, *, reads: bool) -> None:
    action = make_action(kind="tool.call", resource=tool, arguments={}, purpose="anything")
    assert ground_action(action).read_only is reads
