"""What pages say: blocks, tables, figures, sentences and verdicts, put together report by report."""
