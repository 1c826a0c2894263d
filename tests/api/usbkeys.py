"""Virtual USBKeys of a maker, without an installation: blank ones, plugged in as long as they run.

    keys = UsbKeys(); keys.new("KEY0001"); keys.plug("KEY0001"); keys.pull("KEY0001"); keys.close()
"""
import os
import shutil
import subprocess
import tempfile

from world import build_folder


class UsbKeys:
    def __init__(self, maker=None, folder=None):
        """MAKER: its folder, else a new one; FOLDER: where they are plugged in, else one of their own."""
        self.program = os.path.join(build_folder(), "src/token/card/hufu-card")
        self.place = tempfile.mkdtemp(prefix="hufu-keys-")
        self.folder = folder or os.path.join(self.place, "usbkeys")
        self.maker = maker or os.path.join(self.place, "maker")
        self.running = {}
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        if not maker:
            subprocess.run([self.program, "--new-maker", "--maker", self.maker], check=True, timeout=30)

    def image(self, serial):
        return os.path.join(self.place, serial + ".image")

    def new(self, *serials):
        for serial in serials:
            subprocess.run([self.program, "--new", "--image", self.image(serial), "--serial", serial, "--maker", self.maker],
                           check=True, timeout=30)
            self.plug(serial)

    def plug(self, serial):
        socket = os.path.join(self.folder, serial + ".sock")
        process = subprocess.Popen([self.program, "--image", self.image(serial), "--socket", socket, "--insecure-dev"],
                                   stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline().startswith("ready"), serial
        self.running[serial] = process

    def pull(self, serial):
        process = self.running.pop(serial)
        process.terminate()
        process.wait(10)
        process.stdout.close()

    def close(self):
        for serial in list(self.running):
            self.pull(serial)
        shutil.rmtree(self.place)
