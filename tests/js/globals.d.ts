// What the modules share on the window, and what browser tests read.
interface Window {
  attnProbes?: Record<string, any>;
  attnImages?: Record<string, string[]>;
  attnPhotos?: Map<string, any>;
  attnSounds?: Map<string, any>;
}
declare var attnImages: Record<string, string[]> | undefined;
