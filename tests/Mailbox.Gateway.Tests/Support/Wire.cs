using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>Reads what comes, byte by byte as it was sent (each byte one character).</summary>
sealed class Wire(HttpResponseMessage? response, Stream stream) : IDisposable
{
    readonly byte[] _buffer = new byte[64 << 10];
    string _ahead = "";

    public HttpResponseMessage Response => response!;

    /// <summary>Reads up to and with a text.</summary>
    public async Task<string> UntilAsync(string end)
    {
        using var patience = new CancellationTokenSource(GatewayHost.Patience);
        int at;
        while ((at = _ahead.IndexOf(end, StringComparison.Ordinal)) < 0)
        {
            var read = await stream.ReadAsync(_buffer, patience.Token);
            Assert.True(read > 0, $"The response ended before '{end}'. It said: {_ahead}");
            _ahead += Encoding.Latin1.GetString(_buffer, 0, read);
        }
        var text = _ahead[..(at + end.Length)];
        _ahead = _ahead[text.Length..];
        return text;
    }

    /// <summary>Reads to the end of the response.</summary>
    public async Task<string> RestAsync()
    {
        using var patience = new CancellationTokenSource(GatewayHost.Patience);
        using var rest = new MemoryStream();
        await stream.CopyToAsync(rest, patience.Token);
        return _ahead + Encoding.Latin1.GetString(rest.ToArray());
    }

    public void Dispose()
    {
        stream.Dispose();
        response?.Dispose();
    }
}
