namespace Mailbox.Storage.Tests.Journal;

/// <summary>The bytes of a file, and those of them that survive a loss of power.</summary>
sealed class FakeContent
{
    const int Sector = 512;

    readonly object _lock = new();
    byte[] _bytes = [];
    byte[] _synced = [];

    public long Length
    {
        get
        {
            lock (_lock) return _length;
        }
    }

    int _length;

    public Span<byte> Bytes => _bytes.AsSpan(0, _length);

    public int Read(Span<byte> into, long offset)
    {
        lock (_lock)
        {
            var rest = Bytes[(int)Math.Min(offset, _length)..];
            var read = Math.Min(into.Length, rest.Length);
            rest[..read].CopyTo(into);
            return read;
        }
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        lock (_lock)
        {
            Grow((int)offset + bytes.Length);
            bytes.CopyTo(Bytes[(int)offset..]);
        }
    }

    public void SetLength(long length)
    {
        lock (_lock)
        {
            Grow((int)length);
            _length = (int)length;
        }
    }

    public void Sync()
    {
        lock (_lock) _synced = Bytes.ToArray();
    }

    public void LosePower(Random random)
    {
        lock (_lock)
        {
            // A file that was cut may be as long as it was, with what it had there.
            var kept = new byte[random.Next(Math.Min(_synced.Length, _length), Math.Max(_synced.Length, _length) + 1)];
            _synced.AsSpan(0, Math.Min(_synced.Length, kept.Length)).CopyTo(kept);
            Bytes[..Math.Min(_length, kept.Length)].CopyTo(kept);
            for (var at = 0; at < kept.Length; at += Sector - at % Sector) LoseSector(kept, at, random);
            (_bytes, _synced, _length) = (kept, kept.ToArray(), kept.Length);
        }
    }

    /// <summary>What was written over synced bytes is there or not, sector by sector and in no order; behind them a sector may be empty.</summary>
    void LoseSector(byte[] kept, int at, Random random)
    {
        var sector = kept.AsSpan(at, Math.Min(Sector - at % Sector, kept.Length - at));
        var synced = _synced.AsSpan(Math.Min(at, _synced.Length));
        synced = synced[..Math.Min(synced.Length, sector.Length)];
        if (sector[..synced.Length].SequenceEqual(synced) && synced.Length == sector.Length) return;
        if (synced.Length == sector.Length ? random.Next(2) != 0 : random.Next(4) != 0) return;
        sector.Clear();
        synced.CopyTo(sector);
    }

    void Grow(int length)
    {
        if (length > _bytes.Length) Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
        if (length <= _length) return;
        _bytes.AsSpan(_length, length - _length).Clear();
        _length = length;
    }
}
