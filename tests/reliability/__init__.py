"""Each guarantee of docs/guarantees.md, shown with real processes, signals, full disks and collectors."""
