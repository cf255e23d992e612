namespace Mailbox.Storage.Journal;

/// <summary>
/// Writes all that the index knows while commits go on. The mailboxes are taken in slices, each under the index's lock and each with
/// the number of the last batch applied by then; replay passes over what a mailbox has seen. So every mailbox is exact, although no
/// moment exists at which all of them looked like this.
/// </summary>
sealed class SnapshotWriter(
    IJournalFiles files, int slice, StoreIndex<Location> index, JournalLog log, FairLock turn, EpochCounter epochs)
{
    const int SliceBytes = 1 << 18;

    public SnapshotPosition Write(int number)
    {
        var unfinished = FileNames.Snapshot(number) + FileNames.Unfinished;
        try
        {
            var done = Write(unfinished, Position() with { Number = number });
            files.Rename(unfinished, FileNames.Snapshot(number));
            files.SyncDirectory();
            return done;
        }
        catch
        {
            files.Delete(unfinished);
            throw;
        }
    }

    public void Delete(int number) => files.Delete(FileNames.Snapshot(number));

    SnapshotPosition Write(string name, SnapshotPosition begin)
    {
        var header = new FileHeader(FileHeader.Snapshot, (uint)begin.Number, (ulong)begin.Batch, 0);
        using var file = new SnapshotFile(files, name, header, log);
        return Write(file, begin);
    }

    /// <summary>The end of the journal at a moment when everything before it has been applied.</summary>
    SnapshotPosition Position()
    {
        using (turn.Enter()) return new(0, log.Current.Number, log.Current.Length, log.LastBatch, 0, 0);
    }

    SnapshotPosition Write(SnapshotFile file, SnapshotPosition begin)
    {
        file.Begin(SnapshotBlock.Begin);
        file.Block.Varint(begin.Segment);
        file.Block.Varint(begin.Offset);
        file.End();
        WriteMailboxes(file);
        WriteKeys(file);
        var through = WriteEnd(file);
        // First the journal: a snapshot must not know more than the journal does after a loss of power.
        log.Sync();
        file.Sync();
        return begin with { Through = through, Bytes = file.Length };
    }

    void WriteMailboxes(SnapshotFile file)
    {
        for (int place = 0, before = -1; place != before;)
        {
            file.Begin(SnapshotBlock.Mailboxes);
            before = place;
            place = index.Locked(tables => TakeSlice(file.Block, tables, place));
            if (place != before) file.End();
        }
    }

    int TakeSlice(ByteWriter block, MailboxTables<Location> tables, int place)
    {
        block.Varint(tables.LastBatch);
        var end = Math.Min(tables.Slots.End, place + slice);
        for (; place < end && block.Length < SliceBytes; place++)
            if (tables.Slots[place] is { } slot) MailboxCodec.Write(block, slot);
        return place;
    }

    void WriteKeys(SnapshotFile file)
    {
        foreach (var bucket in index.Locked(static tables => tables.Keys.Buckets()))
        {
            file.Begin(SnapshotBlock.Keys);
            foreach (var (key, answer) in index.Locked(tables => tables.Keys.In(bucket).ToArray())) KeyCodec.Write(file.Block, key, answer);
            file.End();
        }
    }

    long WriteEnd(SnapshotFile file)
    {
        file.Begin(SnapshotBlock.End);
        var (through, seen) = index.Locked(static tables => (tables.LastBatch, tables.LastSeen));
        file.Block.Varint(through);
        file.Block.Varint(epochs.Ceiling);
        file.Block.Signed(seen.ToUnixTimeMilliseconds());
        file.End();
        return through;
    }
}
