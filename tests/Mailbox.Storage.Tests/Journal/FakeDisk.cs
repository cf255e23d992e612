using Mailbox.Storage.Journal;

namespace Mailbox.Storage.Tests.Journal;

/// <summary>A disk that can be full, can fail, and can lose what was not synced.</summary>
sealed class FakeDisk : IJournalFiles
{
    readonly object _lock = new();
    Dictionary<string, FakeContent> _names = [];
    Dictionary<string, FakeContent> _durableNames = [];

    /// <summary>Bytes that still fit.</summary>
    public long Room { get; set; } = long.MaxValue / 2;

    /// <summary>Told of every read, change and sync before it happens; may throw.</summary>
    public Action<string, string>? Before { get; set; }

    long IJournalFiles.Room => Room;

    public ulong Boot { get; set; } = 1;

    public IReadOnlyList<string> Names()
    {
        lock (_lock) return [.. _names.Keys];
    }

    public IJournalFile Create(string name)
    {
        lock (_lock)
        {
            if (_names.Remove(name, out var former)) Room += former.Length;
            return new FakeFile(this, name, _names[name] = new());
        }
    }

    public IJournalFile Open(string name)
    {
        lock (_lock) return new FakeFile(this, name, _names[name]);
    }

    public void Delete(string name)
    {
        Before?.Invoke("delete", name);
        lock (_lock)
            if (_names.Remove(name, out var content)) Room += content.Length;
    }

    public void Rename(string from, string to)
    {
        Before?.Invoke("rename", from);
        lock (_lock)
        {
            _names.Remove(from, out var content);
            _names[to] = content!;
        }
    }

    public void SyncDirectory()
    {
        Before?.Invoke("sync", "");
        lock (_lock) _durableNames = new(_names);
    }

    public string PathOf(string name) => "/fake/" + name;

    /// <summary>What was not synced is lost, in part, or mangled.</summary>
    public void LosePower(Random random)
    {
        lock (_lock)
        {
            if (Boot != 0) Boot++;
            // A change of names that was not synced may have happened or not.
            foreach (var (name, content) in _names)
                if (!_durableNames.ContainsKey(name) && random.Next(2) == 0) _durableNames[name] = content;
            foreach (var name in _durableNames.Keys.ToArray())
                if (!_names.ContainsKey(name) && random.Next(2) == 0) _durableNames.Remove(name);
            foreach (var content in _durableNames.Values.Distinct()) content.LosePower(random);
            _names = new(_durableNames);
        }
    }

    public FakeContent this[string name] => _names[name];

    public void Write(FakeContent content, ReadOnlySpan<byte> bytes, long offset)
    {
        lock (_lock)
        {
            var grows = Math.Max(0, offset + bytes.Length - content.Length);
            var fits = (int)Math.Max(0, bytes.Length - Math.Max(0, grows - Room));
            content.Write(bytes[..fits], offset);
            Room -= Math.Min(grows, Room);
            if (fits < bytes.Length) throw new DiskFullException("The fake disk is full.");
        }
    }

    public void SetLength(FakeContent content, long length)
    {
        lock (_lock)
        {
            Room += content.Length - length;
            content.SetLength(length);
        }
    }
}
