using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>Bodies that nobody should send, against a parser that is too simple to be wrong (spec section 6).</summary>
public sealed class MultiplexFuzzTests
{
    const int Seed = 20260101;

    static readonly string[] s_pieces =
        ["\r\n", "\n", "\r", "--b", "--b--", "--b\r\n", "--b\n", "--", "-", "b", ":", ",", " ", "\t", "\0", "\u00ff", "Mailbox: x\r\n", "Group: y\n", "Except: z\r\n", "t-a", "\r\n\r\n", "\n\n"];

    static readonly LetterReader s_letters = new(new CallerNames(new PlainTokens()));

    static int Runs => Environment.GetEnvironmentVariable("MAILBOX_LONG_TESTS") == "1" ? 1_000_000 : 5_000;

    [Fact]
    public async Task A_body_of_any_bytes_means_the_same_to_a_simple_parser_and_reaches_nobody_else()
    {
        var random = new Random(Seed);
        for (var run = 0; run < Runs; run++)
        {
            var body = Mutated(Bodies.Good[random.Next(Bodies.Good.Length)], random);
            var bytes = Bodies.Bytes(body);
            var breaksOff = random.Next(4) == 0;
            var pipe = new ChunkedPipe(Bodies.Chunks(bytes, random.Next(1, bytes.Length + 2)), breaksOff);
            var reading = await Reading.OfAsync(pipe);
            var told = $"seed {Seed}, run {run}: {body}";
            Assert.True(pipe.Reads <= (3 * bytes.Length) + 10, told);
            Assert.True(IsAsSimple(reading, body, breaksOff), told);
            Assert.True(reading.Parts.TrueForAll(ReachesItsOwn), told);
        }
    }

    // Where a connection is reset the last line must have had an end.
    static bool IsAsSimple(Reading reading, string body, bool breaksOff)
    {
        var (parts, isGood) = ReferenceParser.Parse(body);
        if (breaksOff && isGood && reading.Problem is not null) parts = parts[..reading.Parts.Count];
        else if (isGood != reading.Problem is null) return false;
        return reading.Shown.SequenceEqual(parts);
    }

    static bool ReachesItsOwn(MultiplexPart part)
    {
        if (s_letters.Read(part).Post is not { } post) return true;
        return ReferenceParser.AddressesOf(part.Headers.Fields)
            == (string.Join(' ', post.To), string.Join(' ', post.Groups), string.Join(' ', post.Except));
    }

    static string Mutated(string body, Random random)
    {
        var text = new StringBuilder(body);
        for (var change = random.Next(4); change >= 0; change--)
        {
            var at = random.Next(text.Length + 1);
            var length = random.Next(Math.Min(12, text.Length - at + 1));
            switch (random.Next(5))
            {
                case 0: text.Remove(at, length); break;
                case 1: text.Insert(at, s_pieces[random.Next(s_pieces.Length)]); break;
                case 2: text.Insert(random.Next(text.Length + 1), text.ToString(at, length)); break;
                case 3 when at < text.Length: text[at] = (char)random.Next(256); break;
                default: text.Length = random.Next(8) == 0 ? at : text.Length; break;
            }
        }
        return text.ToString();
    }
}
