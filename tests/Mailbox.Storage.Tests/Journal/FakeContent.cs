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
            var kept = Bytes[..random.Next(Math.Min(_synced.Length, _length), Math.Max(_synced.Length, _length) + 1)].ToArray();
            _synced.AsSpan(0, Math.Min(_synced.Length, kept.Length)).CopyTo(kept);
            for (var at = _synced.Length; at < kept.Length; at += Sector - at % Sector)
                if (random.Next(4) == 0) kept.AsSpan(at, Math.Min(Sector - at % Sector, kept.Length - at)).Clear();
            (_bytes, _synced, _length) = (kept, kept.ToArray(), kept.Length);
        }
    }

    void Grow(int length)
    {
        if (length > _bytes.Length) Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
        if (length <= _length) return;
        _bytes.AsSpan(_length, length - _length).Clear();
        _length = length;
    }
}
